"""The findings of a report as people and programs write them: Markdown with a heading each, a list of incidents, JSON.

Belongs here: where one finding ends and the next begins, in any file at all. Does not: finding the file (actions), or
what a prompt says of a finding (facts).
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

MOST_FINDINGS: Final = 50
"""Findings of one report; a longer one is a log."""

_TITLE_CHARS: Final = 300
_HEADING: Final = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*")
_BULLET: Final = re.compile(r"[-*+] +(.*)")
_INCIDENT: Final = re.compile(r"\b(?:INC-[2-9A-HJ-NP-Z]{6}|bug_[0-9a-f]{16})\b")
_TITLES: Final = ("title", "name", "summary")
_LISTS: Final = ("findings", "incidents", "issues")
# What a report says of itself.
_ABOUT: Final = frozenset({"about", "notes", "overview", "run", "sessions", "statistics", "summary"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: its title, all its lines, and the incident it names in its title, if any."""

    title: str
    lines: tuple[str, ...]

    @property
    def incident(self) -> str:
        """`INC-…` or `bug_…`, or empty."""
        found = _INCIDENT.search(self.title)
        return found[0] if found else ""


@dataclass(slots=True)
class _Section:
    level: int
    title: str
    own: list[str]
    below: "list[_Section]"

    def all_lines(self) -> Iterator[str]:
        yield from self.own
        for section in self.below:
            yield section.title
            yield from section.all_lines()


def findings_of(text: str) -> list[Finding]:
    """Read a report, whatever it is; a text without structure is one finding, an empty one none."""
    try:
        found = _in_json(json.loads(text))
    except (ValueError, RecursionError):
        found = _in_markdown(text.splitlines())
    return [finding for finding in found if finding.title and finding.lines][:MOST_FINDINGS]


def _in_json(document: Any) -> Iterator[Finding]:
    if isinstance(document, dict):
        document = next((document[name] for name in _LISTS if isinstance(document.get(name), list)), [document])
    for entry in document if isinstance(document, list) else []:
        if isinstance(entry, dict):
            title = next((str(entry[name]) for name in _TITLES if entry.get(name)), "")
            name = entry.get("incident_id") or entry.get("public_id") or ""
            lines = tuple(f"{key}: {_said(value)}" for key, value in entry.items())
            yield Finding(f"{name} {title}".strip()[:_TITLE_CHARS], lines)


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _in_markdown(lines: Sequence[str]) -> Iterator[Finding]:
    top = _sections(lines)
    if len(top.below) == 1 and top.below[0].level == 1:
        top = top.below[0]
    if not top.below:
        own = [line.strip() for line in top.own if line.strip()]
        listed = list(_listed(top))
        yield from listed or [Finding((top.title or next(iter(own), ""))[:_TITLE_CHARS], tuple(own))]
    for section in top.below:
        yield from _in_section(section)


def _sections(lines: Sequence[str]) -> _Section:
    top = _Section(0, "", [], [])
    path = [top]
    for line in lines:
        heading = _HEADING.fullmatch(line)
        if heading is None:
            path[-1].own.append(line)
            continue
        level = len(heading[1])
        while path[-1].level >= level:
            path.pop()
        path[-1].below.append(_Section(level, heading[2], [], []))
        path.append(path[-1].below[-1])
    return top


def _in_section(section: _Section) -> Iterator[Finding]:
    """A section with words of its own is a finding, one that only gathers others is not, nor is a list of incidents."""
    if listed := list(_listed(section)):
        yield from listed
    elif any(line.strip() for line in section.own):
        if section.title.strip().lower() not in _ABOUT:
            lines = tuple(line.strip() for line in section.all_lines() if line.strip())
            yield Finding(section.title[:_TITLE_CHARS], lines)
        return
    for each in section.below:
        yield from _in_section(each)


def _listed(section: _Section) -> Iterator[Finding]:
    for line in section.own:
        bullet = _BULLET.fullmatch(line)
        if bullet and _INCIDENT.search(bullet[1]):
            yield Finding(bullet[1][:_TITLE_CHARS], (bullet[1],))
