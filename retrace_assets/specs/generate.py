"""A recording and a finding in it, made into a test.

Belongs here: the order of things, and turning acts into steps. Does not: what a person did (acts), what of it stays
(cutting), how elements are found (locators), what must hold (assertions), what is entered (values).
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit, urlunsplit

import msgspec

from retrace_assets.specs.acts import Act, Labels, Place, acts_of, is_masked
from retrace_assets.specs.assertions import ABOUT_CLICKS, assertion_of, meant
from retrace_assets.specs.cutting import cut
from retrace_assets.specs.landmarks import control_names, is_sure, landmark_of, landmark_since, newcomer
from retrace_assets.specs.locators import RenderedPage, is_password, locators_of, stable_name
from retrace_assets.specs.recording import RecordedWindow, Recording
from retrace_assets.specs.values import input_of, is_kept, kind_of
from retrace_assets.uncollected import uncollected
from retrace_core.accessible import input_type_of
from retrace_core.dom import RecordedDom
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.events import FULL_SNAPSHOT, META
from retrace_core.nodes import Node
from retrace_core.parametrise import route_template
from retrace_core.redaction import redact_text
from retrace_core.spec import DEFAULT_APP_URL, Input, Source, Spec, Start
from retrace_core.spec_steps import (
    AtPath,
    Check,
    Click,
    Condition,
    Dialog,
    Fill,
    Hover,
    Locator,
    Navigate,
    Press,
    Select,
    Step,
    Upload,
    Visible,
)

CODE_VERSION: Final = "2"

# What an act leads to is told a little after it: played so far beyond the failure, to know what the last acts were.
_BEYOND_MS: Final = 1_500
# Times of findings have whole milliseconds, those of events may not.
_ROUNDED_MS: Final = 2
_FULL_VIEWPORT: Final = (1280, 720)
_LEAST_PX, _MOST_PX = 200, 4_000
_NAMES: Final = {"navigate": "open", "fill": "fill"}

# Elements whose inside is no part of the page that is recorded.
_PLAIN_SURFACES: Final = frozenset(("canvas", "embed", "object"))
_BY_HAND: Final = "write this test by hand: retrace tester create --steps-file …"

Row = Mapping[str, Any]


@uncollected()
def generate(recording: Recording, signal: Row, session_signals: Sequence[Row], *, app_url: str = "") -> Spec:
    """Make the test of a finding: a pure function of the recording, the finding and its session's others.

    `signal` and `session_signals` are rows of `signals` with their evidence decoded. `app_url` is where the test runs
    unless a run says otherwise; without it the recorded origin, if that is a machine of one's own. The spec's id is the
    signal's. Raises `not_testable` with the reason.
    """
    found = meant(signal, session_signals)
    windows = recording.led_to(found["window_id"])
    if not any(recorded.event.get("type") == FULL_SNAPSHOT for window in windows for recorded in window.events):
        raise _not_testable("the recording has no picture of the page before the failure", "wait for another session")
    failed_ms = found["occurred_at"].replace(tzinfo=UTC).timestamp() * 1000 + _ROUNDED_MS
    acts = acts_of(windows, failed_ms + _BEYOND_MS)
    about_click = found["detector"] in ABOUT_CLICKS
    clicks = {event["event_id"] for event in found["evidence"].get("events") or ()} if about_click else set()
    left = cut(acts, failed_ms, clicks=clicks, needs_trigger=about_click)
    if about_click and (left.trigger is None or left.trigger.kind == "navigate"):
        raise _not_testable("the click the finding is about was not recorded", "wait for another session")
    if not left.acts or left.acts[0].kind != "navigate":
        raise _not_testable("the recording does not say which page was opened", "record page loads from their start")
    origin = _origin(left.acts[0].text)
    writer = _Writer(origin)
    moments = _moments(windows, left.acts, failed_ms)
    for number, act in enumerate(left.acts):
        writer.write(act, left.acts[number - 1] if number else None, moments[number])
    landmark = _landmark(moments, left.acts)
    target_url = app_url or (origin if _is_own_machine(origin) else DEFAULT_APP_URL)
    at = found["occurred_at"].replace(tzinfo=UTC)
    return Spec(
        spec_id=str(found["signal_id"]),
        name=_one_line(str(found["message"])),
        prompt="\n".join(writer.words),
        app_url=target_url,
        start=Start(
            viewport=_viewport(windows),
            account=_account(windows, failed_ms, writer.inputs),
            landmark=landmark,
            clock_ms=int(windows[0].events[0].at_ms),
            **_state(windows),
        ),
        inputs=writer.inputs,
        exact_steps=tuple(writer.steps),
        assertions=(assertion_of(found, origin, writer.steps[-1].id),),
        source=Source(
            signal_id=str(found["signal_id"]),
            session_id=recording.session_id,
            detector=str(found["detector"]),
            recorded_steps=len(acts),
        ),
        created_at=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        updated_at=f"{at:%Y-%m-%dT%H:%M:%SZ}",
    )


@dataclass(frozen=True)
class _Moment:
    """The page right before an act: its element with its locators, and the names of all controls."""

    page: RenderedPage
    node: Node | None
    locators: tuple[Locator, ...]
    names: frozenset[tuple[str, str]]
    newcomer: Locator | None = None
    landmark: Locator | None = None


def _moments(windows: Sequence[RecordedWindow], acts: Sequence[Act], failed_ms: float) -> list[_Moment]:
    """Play the recording once more and stop before each act that stays; the last look is at the failure."""
    moments: list[_Moment] = []
    places = [_seen_from(act, windows) if number else act.place for number, act in enumerate(acts)]
    names: frozenset[tuple[str, str]] = frozenset()
    first_names: set[tuple[str, str]] = set()
    dom = RecordedDom()
    played = (-1, -1)
    entered: dict[int, frozenset[str]] = {}
    for number, (act, place) in enumerate(zip(acts, places, strict=True)):
        dom = _play(windows, dom, played, place)
        played = place
        node = dom.control(act.node_id)
        if node is not None and act.labels is not None:
            _unmask(node, act.labels)
        page = RenderedPage(dom, entered=entered)
        # No page shows a password, whose mask has one length for all.
        if act.is_masked and node is not None and not is_password(node):
            entered.setdefault(len(act.text), frozenset(page.texts))
        locators = tuple(locators_of(page, node)) if node is not None and page.dom.root else ()
        if number == 1:
            first_names = control_names(page)
        is_last = number > 1 and number == len(acts) - 1
        new = newcomer(page, set(names)) if act.kind == "navigate" and number else None
        if is_last and locators and not is_sure(locators[0]):
            new = landmark_since(page, first_names)
        names = frozenset(control_names(page))
        landmark = landmark_of(page) if number == 1 else None
        moments.append(_Moment(page, node, locators, names, new, landmark))
    if len(acts) == 1:
        end = next(
            (index for index, each in enumerate(windows[-1].events) if each.at_ms > failed_ms), len(windows[-1].events)
        )
        dom = _play(windows, dom, played, (len(windows) - 1, end))
        moments[0] = replace(moments[0], landmark=landmark_of(RenderedPage(dom)))
    return moments


def _unmask(node: Node, labels: Labels) -> None:
    """Give a control the names back that its recording masks."""
    for attribute, text in (("aria-label", labels.aria_label), ("placeholder", labels.placeholder)):
        if text and is_masked(node.attribute(attribute) or ""):
            node.attributes[attribute] = text


def _seen_from(act: Act, windows: Sequence[RecordedWindow]) -> Place:
    """Where the page is looked at for an act: a page that is opened, from the end of the one before."""
    if act.kind == "navigate" and act.place.window:
        before = act.place.window - 1
        return Place(before, len(windows[before].events))
    return act.place


def _play(
    windows: Sequence[RecordedWindow], dom: RecordedDom, played: tuple[int, int], until: tuple[int, int]
) -> RecordedDom:
    """Bring the page from one place to another; what is at the second place has not happened yet."""
    window, event = played
    if until[0] != window:
        # A new document: nothing of the one before is left.
        dom, event = RecordedDom(), 0
    for recorded in windows[until[0]].events[max(event, 0) : until[1]]:
        dom.apply(recorded.event)
    return dom


class _Writer:
    """Steps so far, in code and in words, and the inputs they need."""

    def __init__(self, origin: str) -> None:
        self.steps: list[Step] = []
        self.words: list[str] = []
        self.inputs: dict[str, Input] = {}
        self._origin = origin

    def write(self, act: Act, last: Act | None, moment: _Moment) -> None:
        """Add the step of an act."""
        step_id = f"{_NAMES.get(act.kind, act.kind)}-{len(self.steps) + 1}"
        before = self._conditions(act, last, moment)
        said: dict[str, Any] = {"id": step_id, "before": before, "source": act.event_id}
        if act.kind == "navigate":
            self.steps.append(Navigate(url=_relative(act.text, self._origin), kind=act.navigation, **said))
            self._say("Go back" if act.navigation == "back" else f"Open {route_template(act.text)}")
        elif act.kind == "dialog":
            self.steps.append(Dialog(accept=act.accept, **said))
            self._say(f"{'Accept' if act.accept else 'Dismiss'} the dialog")
        elif act.kind == "press" and not moment.locators:
            self.steps.append(Press(key=act.text, **said))
            self._say(f"Press {act.text}")
        elif not moment.locators or moment.node is None:
            raise _not_testable(f"the element of {_words(act)} is not in the recorded page", _BY_HAND)
        elif moment.node.tag in _PLAIN_SURFACES and act.kind != "hover":
            # What is at a place of it no recording says, and another place is another act.
            raise _not_testable(f"what is clicked on a {moment.node.tag} is not in the recorded page", _BY_HAND)
        else:
            self._on_element(act, moment.node, moment, said)

    def _on_element(self, act: Act, node: Node, moment: _Moment, said: dict[str, Any]) -> None:
        said |= {"locator": moment.locators[0], "fallbacks": moment.locators[1:]}
        match act.kind:
            case "fill":
                self.steps.append(Fill(text=self._text(act, node, moment.page), keys=act.typed, **said))
            case "check":
                self.steps.append(Check(checked=act.checked, **said))
            case "select":
                known = not act.is_masked and bool(stable_name(act.text))
                chosen: dict[str, Any] = {"labels": (act.text,)} if known else {"indexes": (act.index or 0,)}
                self.steps.append(Select(**chosen, **said))
            case "press":
                self.steps.append(Press(key=act.text, **said))
            case "upload":
                self.steps.append(Upload(files=act.files, **said))
            case "hover":
                self.steps.append(Hover(**said))
            case _:
                self.steps.append(Click(button=act.button, double=act.double, **said))
        self._say(_words(act))

    def _text(self, act: Act, node: Node, page: RenderedPage) -> str:
        name = stable_name(page.name(node))
        kind = kind_of(node, name, signs_in=_signs_in(node))
        if act.text and not act.is_masked and is_kept(act.text, kind):
            return act.text
        if not act.text:
            return ""
        slug, wanted = input_of(node, kind, name, len(act.text))
        first, number = slug, 1
        # The same field, filled again with something else.
        while self.inputs.get(slug, wanted) != wanted:
            number += 1
            slug = f"{first}_{number}"
            wanted = msgspec.structs.replace(wanted, env=f"RETRACE_TESTER_{slug.upper()}")
        self.inputs[slug] = wanted
        return f"{{{{ {slug} }}}}"

    def _conditions(self, act: Act, last: Act | None, moment: _Moment) -> tuple[Condition, ...]:
        """What must have come of the act before: an address, or a control that tells."""
        conditions: list[Condition] = []
        if last is not None and last.follows and last.kind != "navigate":
            conditions.append(AtPath(route_template(last.follows)))
        if moment.newcomer is not None and last is not None and last.kind != "navigate":
            conditions.append(Visible(moment.newcomer))
        return tuple(conditions)

    def _say(self, words: str) -> None:
        self.words.append(f"{len(self.words) + 1}. {words}")


def _words(act: Act) -> str:
    target = act.target
    name = redact_text(target.name) if target and target.name else ""
    what = f"{(target.role or target.tag) if target else 'the element'}{f' “{name}”' if name else ''}"
    verbs = {
        "click": "Double-click" if act.double else "Click",
        "fill": "Fill in",
        "check": "Check" if act.checked else "Uncheck",
        "select": "Choose from",
        "press": f"Press {act.text} on",
        "upload": "Choose a file for",
        "hover": "Point at",
    }
    return f"{verbs.get(act.kind, act.kind)} {what}"


def _landmark(moments: Sequence[_Moment], acts: Sequence[Act]) -> Locator | None:
    """The first page's, seen when the second act was about to begin on it, or at the failure."""
    if len(acts) > 1 and acts[1].kind == "navigate":
        return None
    return moments[1 if len(moments) > 1 else 0].landmark


def _signs_in(field_: Node) -> bool:
    above = field_.parent
    while above is not None and above.tag not in ("form", "body"):
        above = above.parent
    return above is not None and any(input_type_of(node) == "password" for node in above.subtree())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _relative(url: str, origin: str) -> str:
    """The address without the app's origin; parts of a query that are, or had to be, redacted are left out."""
    parts = urlsplit(url)
    kept = "&".join(part for part in parts.query.split("&") if part and _is_plain(part))
    local = f"{parts.scheme}://{parts.netloc}" == origin
    path, fragment = redact_text(parts.path) or "/", redact_text(parts.fragment)
    return urlunsplit(("" if local else parts.scheme, "" if local else parts.netloc, path, kept, fragment))


def _is_plain(part: str) -> bool:
    said = unquote_plus(part)
    return "[" not in said and redact_text(said) == said


def _is_own_machine(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _viewport(windows: Sequence[RecordedWindow]) -> tuple[int, int]:
    for recorded in windows[0].events:
        data = recorded.event.get("data")
        if recorded.event.get("type") == META and isinstance(data, dict):
            width, height = data.get("width"), data.get("height")
            if isinstance(width, int | float) and isinstance(height, int | float):
                return tuple(int(min(max(each, _LEAST_PX), _MOST_PX)) for each in (width, height))  # type: ignore[return-value]
    return _FULL_VIEWPORT


def _state(windows: Sequence[RecordedWindow]) -> dict[str, Any]:
    """Locale, time zone and touch, as our recorder tells them at the start."""
    payload = next((payload for _, payload in _states(windows[:1])), None)
    if payload is None:
        return {}
    texts = {name: payload[name] for name in ("locale", "timezone") if isinstance(payload.get(name), str)}
    return {**texts, "touch": payload.get("touch") is True}


def _account(windows: Sequence[RecordedWindow], failed_ms: float, inputs: Mapping[str, Input]) -> str:
    """The kind of account that was logged in, as the app told our recorder; none for a test that logs in itself."""
    if any(wanted.kind == "password" for wanted in inputs.values()):
        return ""
    # An app may know who it is only after its page was opened.
    told = [payload for at_ms, payload in _states(windows) if at_ms <= failed_ms + _BEYOND_MS]
    is_out = not told or told[-1].get("loggedIn") is False
    role = "" if is_out else next((payload["roleRef"] for payload in reversed(told) if payload.get("roleRef")), "")
    return stable_name(role) if isinstance(role, str) else ""


def _states(windows: Sequence[RecordedWindow]) -> Iterator[tuple[float, dict[str, Any]]]:
    for recorded in (recorded for window in windows for recorded in window.events):
        data = recorded.event.get("data")
        if isinstance(data, dict) and data.get("plugin") == "retrace/state@1" and isinstance(data.get("payload"), dict):
            yield recorded.at_ms, data["payload"]


def _one_line(text: str) -> str:
    return " ".join(redact_text(text).split())[:200]


def _not_testable(reason: str, hint: str) -> RetraceError:
    return RetraceError(ErrorCode.NOT_TESTABLE, reason, hint=hint)
