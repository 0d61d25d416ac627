"""Who owns a file: CODEOWNERS, as GitHub and GitLab read it.

Belongs here: its rules and which one counts. Does not: finding the file (update).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

OWNERS_FILES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where the rules are; the first that is there counts, as GitHub's documentation has it."""

_MOST_RULES: Final = 2_000
_PATTERN_CHARS: Final = 300
# With more of them a pattern is hostile: matching tries every way to share a path out among them.
_WILDCARDS_MOST: Final = 6


class OwnerRule(msgspec.Struct, frozen=True, array_like=True):
    """A pattern of paths and its owners; none: nobody owns what it matches."""

    pattern: str
    owners: tuple[str, ...]


def is_owners_file(path: str) -> bool:
    """Whether a file says who owns what."""
    return path in OWNERS_FILES


def owner_rules(content: bytes) -> list[OwnerRule]:
    """The rules of a CODEOWNERS file; comments, section heads and what is no rule are left out."""
    rules = []
    for line in content.decode("utf-8", "replace").splitlines()[: _MOST_RULES * 2]:
        pattern, *owners = re.split(r"(?<!\\)\s+", line.partition(" #")[0].strip())
        if (
            not pattern
            or pattern.startswith(("#", "[", "^[", "!"))
            or len(pattern) > _PATTERN_CHARS
            or pattern.count("*") > _WILDCARDS_MOST
        ):
            continue
        named = tuple(owner for owner in owners if "@" in owner)
        rules.append(OwnerRule(pattern.replace("\\ ", " "), named))
    return rules[:_MOST_RULES]


def owners_of(path: str, rules: Sequence[OwnerRule]) -> tuple[str, ...]:
    """The owners of a file: the last rule that matches counts."""
    matching = (rule.owners for rule in reversed(rules) if _compiled(rule.pattern).match(path))
    return next(matching, ())


@lru_cache(4_096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of .gitignore's form, without `!` and character classes, which CODEOWNERS has not."""
    anchored = "/" in pattern.rstrip("/")
    text = pattern.strip("/")
    # Runs of wildcards are one: hostile patterns must not backtrack.
    parts = re.split(r"(\*{2,}/?|\*|\?)", re.sub(r"\*{3,}", "**", text))
    body = "".join(_WILDCARDS.get(part, re.escape(part)) for part in parts)
    end = r"(?:/|\Z)" if not pattern.endswith("/*") else r"\Z"
    end = "/" if pattern.endswith("/") else end
    return re.compile(("" if anchored else r"(?:.*/)?") + body + end, re.DOTALL)


_WILDCARDS: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
