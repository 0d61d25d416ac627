"""Making a test shorter by trying: what can go without the failure going is not part of the way to it.

Belongs here: which steps may go, and in what order they are tried. Does not: running (the caller's), the rules that
need no app (cutting).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from retrace_core.spec import Spec
from retrace_core.spec_file import placeholders
from retrace_core.spec_steps import AtPath, Check, Condition, Fill, Navigate, Select, Step, Upload

MOST_TRIES: Final = 40
"""Tries that are worth their time: twelve steps, each needed, take 22."""

_ENTRIES: Final = (Fill, Select, Check, Upload)


@dataclass(frozen=True, slots=True)
class Minimised:
    """A shorter test, the ids of the steps it does without, and how often something shorter was tried."""

    spec: Spec
    dropped: tuple[str, ...]
    tries: int


def minimise(spec: Spec, is_same: Callable[[Spec], bool], *, most_tries: int = MOST_TRIES) -> Minimised:
    """Drop what `is_same` shows to be needless: delta debugging (Zeller and Hildebrandt, 2002) over `removable` steps.

    `is_same` runs a test and says whether it still shows the same failure at the same place. Being red alone is not
    enough: without a field of a form its answer is another failure, red also where the bug is not.
    """
    kept = list(removable(spec))
    tries, parts = 0, 2
    while kept and tries < most_tries:
        size = max(1, len(kept) // parts)
        for begin in range(0, len(kept), size):
            rest = kept[:begin] + kept[begin + size :]
            tries += 1
            if is_same(without(spec, _others(spec, rest))):
                kept, parts = rest, max(2, parts - 1)
                break
            if tries == most_tries:
                break
        else:
            if size == 1:
                break
            parts = min(2 * parts, len(kept))
    dropped = _others(spec, kept)
    return Minimised(without(spec, dropped), dropped, tries)


def removable(spec: Spec) -> tuple[str, ...]:
    """Ids of the steps that may go: not the first, the last, one that is asserted about, or an entry of the last form.

    Its entries are those on the page of the last step: what is submitted there must stay what it was.
    """
    asserted = {assertion.after for assertion in spec.assertions}
    begin = _last_page(spec.exact_steps)
    return tuple(
        step.id
        for number, step in enumerate(spec.exact_steps[:-1])
        if number and step.id not in asserted and not (number >= begin and isinstance(step, _ENTRIES))
    )


def without(spec: Spec, dropped: Sequence[str]) -> Spec:
    """Take steps out of a test, with the inputs nothing needs any more.

    What had to hold before one of them must hold before the next that stays, unless that waits for something itself.
    """
    steps: list[Step] = []
    owed: tuple[Condition, ...] = ()
    for step in spec.exact_steps:
        owed = step.before or owed
        if step.id not in dropped:
            steps.append(msgspec.structs.replace(step, before=owed))
            owed = ()
    named = {name for step in steps if isinstance(step, Fill) for name in placeholders(step.text)}
    before = {name for step in spec.exact_steps if isinstance(step, Fill) for name in placeholders(step.text)}
    inputs = {name: value for name, value in spec.inputs.items() if name in named or name not in before}
    return msgspec.structs.replace(spec, exact_steps=tuple(steps), inputs=inputs)


def _last_page(steps: Sequence[Step]) -> int:
    """The index of the first step on the page where the last one is."""
    starts = (
        number
        for number in range(len(steps) - 1, 0, -1)
        if isinstance(steps[number], Navigate) or any(isinstance(each, AtPath) for each in steps[number].before)
    )
    return next(starts, 0)


def _others(spec: Spec, kept: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in removable(spec) if name not in kept)
