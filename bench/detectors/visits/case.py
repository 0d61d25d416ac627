"""What a case is: somebody does something on a page with some faults on, and what is true of it.

The truth is written down beside the script by whoever wrote both, and follows from the faults and the script alone: no
rule is asked. Belongs here: the case, its variants by device and recorder, and the acts scripts are made of. Does not:
any case.
"""

import inspect
import zlib
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bench.detectors.hands import Hands

Act = Callable[[Hands], Awaitable[None]]


class Recorder(StrEnum):
    """Who records: our recorder, rrweb with a console plugin, or rrweb alone."""

    RETRACE = "retrace"
    CONSOLE = "console"
    PLAIN = "plain"


_REQUESTS: Final = frozenset(("network_4xx", "network_5xx", "slow_request"))
_ERRORS: Final = frozenset(("console_error", "error_click", "failed_chunk"))
_ABANDONED: Final = "session_abandon_on_error"
_DESKTOPS: Final = ((1280, 800), (1440, 900), (1366, 768), (1024, 700))
_PHONES: Final = ((390, 844), (412, 915), (360, 740))


@dataclass(frozen=True)
class Case:
    """One visit; `required` must fire, `allowed` may, everything else must not.

    `unseen` may fire, too, where requests are not recorded: a slow answer is then no answer.
    """

    name: str
    acts: tuple[Act, ...]
    faults: tuple[str, ...] = ()
    required: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    about: str = ""
    app: str = "playground"
    mouse_only: bool = False
    touch: bool = False
    recorder: Recorder = Recorder.RETRACE

    @property
    def id(self) -> str:
        """Name of the recording."""
        parts = [self.name, "touch" if self.touch else "", "" if self.recorder is Recorder.RETRACE else self.recorder]
        return "__".join(filter(None, parts))

    @property
    def viewport(self) -> tuple[int, int]:
        """Width and height in CSS pixels: one of several, the same each time."""
        sizes = _PHONES if self.touch else _DESKTOPS
        return sizes[zlib.crc32(self.id.encode()) % len(sizes)]

    @property
    def script(self) -> str:
        """All that shapes the recording besides the pages: who does what where, but not what is true of it."""
        return "\n".join([self.id, self.app, *self.faults, *map(_told, self.acts)])

    def recorded_by(self, recorder: Recorder) -> "Case":
        """The same visit, and what is left of its truth to what the recorder writes down."""
        if recorder is Recorder.RETRACE:
            return self
        hidden = _REQUESTS | (_ERRORS if recorder is Recorder.PLAIN else frozenset())
        # Somebody left because of a request or an error that is not in the recording.
        if not (self.required & _ERRORS - hidden):
            hidden |= {_ABANDONED}
        return replace(
            self,
            recorder=recorder,
            required=self.required - hidden,
            allowed=self.allowed | (self.required & hidden) | self.unseen,
        )


def broken(
    name: str,
    path: str,
    acts: tuple[Act, ...],
    faults: Collection[str] | str,
    required: Collection[str] | str,
    *,
    about: str,
    allowed: Collection[str] = (),
    unseen: Collection[str] = (),
    mouse_only: bool = False,
) -> Case:
    """A visit to the playground that a fault spoils."""
    return Case(
        name,
        (visits(path), *acts),
        tuple([faults] if isinstance(faults, str) else faults),
        frozenset([required] if isinstance(required, str) else required),
        frozenset(allowed),
        frozenset(unseen),
        about,
        mouse_only=mouse_only,
    )


def calm(
    name: str,
    path: str,
    acts: tuple[Act, ...],
    about: str,
    *,
    faults: Collection[str] = (),
    allowed: Collection[str] = (),
    unseen: Collection[str] = (),
    mouse_only: bool = False,
) -> Case:
    """A visit to the playground in which nothing is wrong, whatever it looks like."""
    return broken(name, path, acts, faults, (), about=about, allowed=allowed, unseen=unseen, mouse_only=mouse_only)


def variants(cases: Collection[Case]) -> Iterator[Case]:
    """Each case by mouse and our recorder; a part of them by touch, a part by other recorders."""
    for case in cases:
        yield case
        draw = zlib.crc32(case.name.encode())
        if not case.mouse_only and draw % 4 == 0:
            yield replace(case, touch=True)
        other = (Recorder.PLAIN, Recorder.CONSOLE, None, None, None)[draw // 4 % 5]
        if other is None:
            continue
        seen = case.recorded_by(other)
        # A fault that leaves nothing in the recording would make a case of nothing.
        if seen.required or not case.required:
            yield seen


# --- acts ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Step:
    """An act that is one thing hands can do."""

    does: str
    arguments: tuple[object, ...]

    async def __call__(self, hands: Hands) -> None:
        await getattr(hands, self.does)(*self.arguments)


def visits(path: str) -> Act:
    """Open a page of the app."""
    return _Step("visit", (path,))


def click(target: str) -> Act:
    """Press something once."""
    return _Step("click", (target,))


def often(target: str, times: int) -> Act:
    """Press something several times, in anger or because it is made for it."""
    return _Step("click_often", (target, times))


def typed(field: str, text: str) -> Act:
    """Type into a field."""
    return _Step("type", (field, text))


def waits(least: float, most: float | None = None) -> Act:
    """Do nothing for some seconds."""
    return _Step("look", (least, least + 0.3 if most is None else most))


def wanders(moves: int = 3) -> Act:
    """Move the pointer about."""
    return _Step("wander", (moves,))


def shakes(seconds: float = 2.5) -> Act:
    """Shake the mouse."""
    return _Step("shake", (seconds,))


def scrolls(distance: int) -> Act:
    """Turn the wheel."""
    return _Step("scroll", (distance,))


def presses(key: str) -> Act:
    """Press a key."""
    return _Step("press", (key,))


def drags(target: str, *by: tuple[float, float]) -> Act:
    """Drag something along a path."""
    return _Step("drag", (target, by))


def _told(act: Act) -> str:
    """What an act does, as text: the same as long as it does the same."""
    if isinstance(act, _Step):
        return repr(act)
    held = [cell.cell_contents for cell in getattr(act, "__closure__", None) or ()]
    return f"{inspect.getsource(act)}{held}"
