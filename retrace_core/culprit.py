"""A culprit: a source file that may hold an incident's bug, and why.

Belongs here: the shape others read. Does not: how files are ranked (retrace_assets.culprits).
"""

import msgspec


class Culprit(msgspec.Struct, frozen=True, kw_only=True):
    """A ranked file: `rank` 1 is the likeliest, `line` where to look first, `reasons` in sentences, weightiest first.

    `score` is comparable within one incident; `owners` are CODEOWNERS'.
    """

    rank: int
    path: str
    score: float
    line: int | None = None
    reasons: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
