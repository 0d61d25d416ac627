"""Figures and what they should be.

Belongs here: a figure, its target, the table of both, and how `python -m bench` collects them. Does not: measuring.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

COLLECTED = "RETRACE_BENCH_FIGURES"
"""Names a file to which every bench adds its figures, one JSON object a line."""


@dataclass(frozen=True)
class Figure:
    """Something measured; with a target it is met, or missed by `ratio`."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better than its target; 1 is just met."""
        if self.target is None or not self.value or not self.target:
            return None
        return self.value / self.target if self.at_least else self.target / self.value

    @property
    def met(self) -> bool | None:
        """Whether it reaches its target, if it has one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def line(self) -> str:
        """The row of the table."""
        value = f"{self.value:,.0f}" if self.value >= 100 else f"{self.value:.3g}"
        target = "" if self.target is None else f"{'≥' if self.at_least else '≤'} {self.target:,g}"
        verdict = "" if self.met is None else "met" if self.met else "MISSED"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return f"{self.name:<50}{value:>10} {self.unit:<10}{target:>10}{ratio:>8}  {verdict}"


HEADER = f"{'':<50}{'figure':>10} {'':<10}{'target':>10}{'ratio':>8}"


def print_figures(figures: Iterable[Figure]) -> int:
    """Print figures, and add them to what `python -m bench` collects; returns the exit code."""
    found = list(figures)
    print(HEADER)
    print("\n".join(figure.line for figure in found), flush=True)
    collect(*found)
    return int(any(figure.met is False for figure in found))


def collect(*figures: Figure) -> None:
    """Add figures to what `python -m bench` collects, if it runs."""
    if collected := os.environ.get(COLLECTED):
        with Path(collected).open("a") as file:
            file.writelines(json.dumps(asdict(figure)) + "\n" for figure in figures)


def read_figures(path: Path) -> list[Figure]:
    """What benches have added to a file."""
    return [Figure(**json.loads(line)) for line in path.read_text().splitlines()]
