"""Precision and recall of detectors, and the table of them.

Belongs here: counting and printing. Does not: who judges (`judging`, `others`).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.detectors.recordings import Recording

Fired = Callable[[Recording], Collection[str]]


@dataclass(frozen=True)
class Score:
    """How a detector did: a session counts once, however often the detector fired in it."""

    positives: int
    negatives: int
    missed: tuple[str, ...]
    false: tuple[str, ...]

    @property
    def found(self) -> int:
        """Sessions in which it had to fire and did."""
        return self.positives - len(self.missed)

    @property
    def precision(self) -> float | None:
        """Share of the sessions it fired in, in which it was right to; None when it never fired."""
        fired = self.found + len(self.false)
        return self.found / fired if fired else None

    @property
    def recall(self) -> float | None:
        """Share of the sessions it had to fire in, in which it did; None when there is none."""
        return self.found / self.positives if self.positives else None


def score(recordings: Sequence[Recording], detector: str, fired: Fired) -> Score:
    """Compare what a system says with the labels. Where a detector may but need not fire, it is not judged."""
    required = [recording for recording in recordings if detector in recording.truth.required]
    forbidden = [recording for recording in recordings if detector in recording.truth.forbidden]
    return Score(
        positives=len(required),
        negatives=len(forbidden),
        missed=tuple(recording.id for recording in required if detector not in fired(recording)),
        false=tuple(recording.id for recording in forbidden if detector in fired(recording)),
    )


def table(
    recordings: Sequence[Recording], detectors: Iterable[str], systems: Mapping[str, tuple[Fired, Collection[str]]]
) -> list[str]:
    """Lines of Markdown, a row a detector and a column a system: precision and recall as `P / R`.

    `systems` gives what fired and the detectors it has at all. The first system is ours.
    """
    head = ["detector", "positives", "negatives", *systems]
    lines = [_row(head), _row(["---", *["---:"] * (len(head) - 1)])]
    for detector in detectors:
        scores = [score(recordings, detector, fired) if detector in has else None for fired, has in systems.values()]
        known = next(found for found in scores if found is not None)
        cells = [_cell(found) for found in scores]
        lines.append(_row([f"`{detector}`", str(known.positives), str(known.negatives), *cells]))
    return lines


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(found: Score | None) -> str:
    if found is None:
        return "–"
    return f"{_share(found.precision)} / {_share(found.recall)}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
