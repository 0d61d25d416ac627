"""What a stage did, in the words its materialisation shows.

Belongs here: the figures every stage reports. Does not: how Dagster prints them (retrace_assets/metadata).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class StageReport:
    """Figures of one update: rows read and written, the days touched, seconds, and what is special to the stage."""

    stage: str
    rows_in: int = 0
    rows_out: int = 0
    days: frozenset[date] = frozenset()
    seconds: float = 0.0
    notes: Mapping[str, int | float | str] = field(default_factory=dict)

    def __add__(self, other: "StageReport") -> "StageReport":
        """Add up two updates of the same stage; equal notes that are numbers are summed."""
        notes = dict(self.notes)
        for name, value in other.notes.items():
            known = notes.get(name)
            both = isinstance(known, int | float) and isinstance(value, int | float)
            notes[name] = known + value if both else value  # type: ignore[operator]
        return StageReport(
            self.stage,
            self.rows_in + other.rows_in,
            self.rows_out + other.rows_out,
            self.days | other.days,
            self.seconds + other.seconds,
            notes,
        )
