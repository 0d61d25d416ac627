"""Leaving out what does not lead to the failure, by rules that need no app to try them on.

Belongs here: which acts stay. Does not: what minimising by running finds beside it (minimise).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final
from urllib.parse import urlsplit

from retrace_assets.specs.acts import Act

_SELECTS_ALL: Final = frozenset(("Control+a", "Meta+a", "Control+A", "Meta+A"))
# Acts that leave something behind in the app: what comes after may depend on them.
_LASTING: Final = frozenset(("fill", "check", "select", "press", "upload", "dialog"))


@dataclass(frozen=True)
class Cut:
    """What is left, and which of it the failure follows from: None when a page load alone does."""

    acts: tuple[Act, ...]
    trigger: Act | None


def cut(acts: Sequence[Act], failed_ms: float, *, clicks: Collection[str] = (), needs_trigger: bool = False) -> Cut:
    """Keep the acts that lead to a failure at that time.

    `clicks` are the ids of the click events a finding is about (dead and rage clicks): the first of them that did
    nothing is what fails, and the others are the same (recording-to-test.md, rule 3). `needs_trigger` asks for an act.
    """
    before = [act for act in acts if act.at_ms <= failed_ms or act.event_id in clicks]
    named = next((number for number, act in enumerate(before) if act.event_id in clicks), None)
    if named is not None:
        named = _earliest(before, named)
        before = before[: named + 1]
    elif needs_trigger:
        before = _up_to_last_click(before)
    kept = _once(_without_noise(_from_last_start(before)))
    return Cut(tuple(kept), kept[-1] if kept else None)


def _earliest(acts: Sequence[Act], number: int) -> int:
    """The first of the clicks in a row on the same control that led nowhere."""
    while number > 0 and acts[number - 1].kind == "click" and acts[number - 1].is_on(acts[number]):
        if acts[number - 1].follows:
            break
        number -= 1
    return number


def _up_to_last_click(acts: Sequence[Act]) -> list[Act]:
    last = max((number for number, act in enumerate(acts) if act.kind in ("click", "press", "check")), default=-1)
    return list(acts[: last + 1])


def _from_last_start(acts: Sequence[Act]) -> list[Act]:
    """Drop what came before a page that was opened by its address, unless it may have left something behind."""
    start = 0
    for number, act in enumerate(acts):
        if act.kind == "navigate" and act.navigation == "goto" and not _leaves_something(acts[start:number]):
            start = number
        elif act.follows and _is_load(act, acts[number + 1 :]) and not _leaves_something(acts[start : number + 1]):
            # A link that loads a page does what its address does.
            opened = replace(act, kind="navigate", text=act.follows, url=act.follows, follows="", navigation="goto")
            return _from_last_start([opened, *acts[number + 1 :]])
    return list(acts[start:])


def _is_load(act: Act, after: Sequence[Act]) -> bool:
    """Whether what an act led to was a new document, of the same origin: the next act is in another window."""
    same = urlsplit(act.url).netloc == urlsplit(act.follows).netloc
    return same and bool(after) and after[0].place.window > act.place.window


def _leaves_something(acts: Sequence[Act]) -> bool:
    return any(act.kind in _LASTING or (act.kind == "click" and not _is_link(act)) for act in acts)


def _is_link(act: Act) -> bool:
    return act.target is not None and act.target.tag == "a"


def _without_noise(acts: Sequence[Act]) -> list[Act]:
    """Drop clicks that nobody expects to do anything, and what only makes ready for an entry."""
    kept: list[Act] = []
    for act, following in zip_longest(acts, acts[1:]):
        if following is not None and (_does_nothing(act) or _makes_ready(act, following)):
            continue
        if act.kind == "hover" and (following is None or (kept and kept[-1].is_on(act))):
            continue
        while act.kind == "fill" and kept and _makes_ready(kept[-1], act):
            kept.pop()
        kept.append(act)
    return kept


def _does_nothing(act: Act) -> bool:
    plain = act.kind == "click" and act.target is not None and not act.target.interactive
    return plain and not act.follows and not act.changed


def _makes_ready(act: Act, entry: Act) -> bool:
    """Whether an act gives a field its focus, or selects what is in it, and the next enters something."""
    if entry.kind not in ("fill", "select", "press") or not act.is_on(entry):
        return False
    if act.kind == "click":
        return entry.kind != "press" or entry.text in _SELECTS_ALL
    return act.kind == "press" and act.text in _SELECTS_ALL and entry.kind == "fill"


def _once(acts: Sequence[Act]) -> list[Act]:
    """Repeated clicks on a control, with nothing between them and nothing that came of them, are one."""
    kept: list[Act] = []
    for act in acts:
        last = kept[-1] if kept else None
        if last is not None and last.kind == act.kind and act.is_on(last) and not last.follows:
            if act.kind in ("fill", "select", "upload"):
                kept[-1] = act
                continue
            if act.kind == "click" and act is acts[-1] and not last.changed:
                # Of angry clicks the first is the one that failed.
                continue
        if last is not None and act.kind == last.kind == "navigate" and act.text == last.text:
            continue
        kept.append(act)
    return kept
