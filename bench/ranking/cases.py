"""Real bugs: what was reported, the commit before the fix, and the files the fix changed.

Belongs here: reading them, and the clues each gives. Does not: ranking, or the figures.
"""

from pathlib import Path
from typing import Final

import msgspec

from retrace_assets.culprits.clues import Clues, Frame, clues_of_text, file_of

# Stands in a masked text for the name of a file that was fixed, and is no word of the report.
_MASK: Final = "<name>"


class _ReportedFrame(msgspec.Struct):
    filename: str
    function: str | None = None
    lineno: int | None = None


class Case(msgspec.Struct):
    """A bug; tier A has a symptom as users tell it, tier B is told by whoever fixed it."""

    id: str
    repo: str
    parent_sha: str
    tier: str
    symptom_text: str
    symptom_masked: str
    fixed_files: list[str]
    symptom_detail: str | None = None
    stack_frames: list[_ReportedFrame] | None = None
    route: str | None = None

    @property
    def text(self) -> str:
        """The report as it was written: it may name the file."""
        return f"{self.symptom_text}\n{self.symptom_detail or ''}"

    @property
    def masked(self) -> str:
        """The report without the names of the files that were fixed."""
        return self.symptom_masked.replace(_MASK, " | ")

    def clues(self, text: str) -> Clues:
        """What the report says, with the frames and the page that came with it."""
        told = clues_of_text(text)
        frames = [
            Frame(file_of(each.filename), each.lineno or 0, each.function or "") for each in self.stack_frames or ()
        ]
        # As Python prints them: the call that threw is the last.
        ordered = frames[::-1] if frames and frames[0].file.endswith(".py") else frames
        pages = [self.route] if self.route else []
        return msgspec.structs.replace(told, frames=(*ordered, *told.frames), pages=(*pages, *told.pages))


def read_cases(path: Path) -> list[Case]:
    """The cases of a file with one JSON object a line."""
    return [msgspec.json.decode(line, type=Case) for line in path.read_bytes().splitlines()]
