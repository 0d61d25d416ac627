"""The rules others publish, written anew after their sources, over the same events as ours.

Each rule is what its source or documentation says, without the bugs that its issue tracker knows of. Where a recording
does not hold what a rule in the browser would see, the rule is given the benefit of the doubt, or left out:
OpenReplay's for shaken mice looks at every movement, of which a recording holds one in 50 ms.

- Sentry: sentry-javascript, `coreHandlers/handleClick.ts`, and the server's `event_parser.py`.
- PostHog: posthog-js, `rageclick.ts` and the dead-click autocapture.
- Datadog: browser-sdk, `computeFrustration.ts` and `clickChain.ts`.
- OpenReplay: its web handlers.
- The original: the eight rules of Retrace's predecessor, which sees a session as one stream.

Belongs here: their rules. Does not: reading a recording into steps (`streams`), ours (`retrace_assets/signals`).
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final

from bench.detectors.recordings import Json, Recording
from bench.detectors.streams import ClickStep, Stream, streams_of, whole_sessions

Rule = Callable[[Stream], bool]

_BUTTON_TYPES: Final = ("submit", "button")


def _after(times: Sequence[float], at: float, within: float) -> bool:
    return any(at <= time <= at + within for time in times)


# --- Sentry --------------------------------------------------------------------------------------------------------

_SENTRY_DEAD_MS, _SENTRY_SCROLL_MS, _SENTRY_RAGE = 7_000.0, 300.0, 5


def _sentry_watches(click: ClickStep) -> bool:
    if click.closest == "a":
        target = click.attributes.get("target", "_self")
        return "download" not in click.attributes and target in ("", "_self")
    if click.closest == "input":
        return click.attributes.get("type") in _BUTTON_TYPES
    return click.closest == "button"


def _sentry_dead(stream: Stream) -> Iterator[tuple[ClickStep, int]]:
    """Clicks without an answer in 7 s, with the clicks on the same element meanwhile."""
    for place, click in enumerate(stream.clicks):
        if not _sentry_watches(click) or stream.ends_ms < click.at + _SENTRY_DEAD_MS:
            continue
        answered = _after(stream.changes, click.at, _SENTRY_DEAD_MS) or _after(
            stream.scrolls, click.at, _SENTRY_SCROLL_MS
        )
        if not answered:
            again = [
                other
                for other in stream.clicks[place:]
                if other.node_id == click.node_id and other.at <= click.at + _SENTRY_DEAD_MS
            ]
            yield click, len(again)


def _sentry_dead_click(stream: Stream) -> bool:
    return any(True for _ in _sentry_dead(stream))


def _sentry_rage_click(stream: Stream) -> bool:
    return any(clicks >= _SENTRY_RAGE for _, clicks in _sentry_dead(stream))


# --- PostHog -------------------------------------------------------------------------------------------------------

_POSTHOG_PX, _POSTHOG_RAGE_MS, _POSTHOG_RAGE = 30.0, 1_000.0, 3
_POSTHOG_DEAD_MS, _POSTHOG_OTHER_MS, _POSTHOG_ABSOLUTE = 2_500.0, 100.0, 1.1
_POSTHOG_IGNORED: Final = re.compile(r"^(?:next|previous|prev|<|>|‹|›|\+|-|−)$", re.I)


def _posthog_rage_click(stream: Stream) -> bool:
    run = 0
    last: ClickStep | None = None
    for click in stream.clicks:
        if _POSTHOG_IGNORED.match(click.text) or _POSTHOG_IGNORED.match(click.label) or click.edits_text:
            continue
        near = last is not None and abs(click.x - last.x) + abs(click.y - last.y) < _POSTHOG_PX
        soon = last is not None and click.at - last.at < _POSTHOG_RAGE_MS
        run = run + 1 if near and soon else 1
        last = click
        if run == _POSTHOG_RAGE:
            return True
    return False


def _posthog_dead_click(stream: Stream) -> bool:
    last: ClickStep | None = None
    for click in stream.clicks:
        repeated = last is not None and last.node_id == click.node_id and click.at - last.at < 1_000
        last = click
        # What is left unanswered when the page goes is never reported.
        if repeated or stream.ends_ms < click.at + _POSTHOG_DEAD_MS * _POSTHOG_ABSOLUTE:
            continue
        moved = _after(stream.scrolls, click.at, _POSTHOG_OTHER_MS) or _after(
            stream.selections, click.at, _POSTHOG_OTHER_MS
        )
        if not moved and not click.moves_caret and not _after(stream.dom_changes, click.at, _POSTHOG_DEAD_MS):
            return True
    return False


# --- Datadog -------------------------------------------------------------------------------------------------------

_DATADOG_PX, _DATADOG_CHAIN_MS, _DATADOG_RAGE, _DATADOG_IDLE_MS = 100.0, 1_000.0, 3, 100.0
_DATADOG_LONGEST_MS = 10_000.0
# A click that leads to another page is not judged once the page goes.
_DATADOG_LEAVING_MS = 1_000.0


def _datadog_chains(stream: Stream) -> Iterator[list[ClickStep]]:
    chain: list[ClickStep] = []
    for click in stream.clicks:
        last = chain[-1] if chain else None
        if last and (
            click.node_id != last.node_id
            or click.at - last.at > _DATADOG_CHAIN_MS
            or ((click.x - last.x) ** 2 + (click.y - last.y) ** 2) ** 0.5 > _DATADOG_PX
        ):
            yield chain
            chain = []
        chain.append(click)
    if chain:
        yield chain


def _datadog_rage_click(stream: Stream) -> bool:
    for chain in _datadog_chains(stream):
        start, end = chain[0].at, chain[-1].at
        if _after(stream.scrolls, start, end - start) or _after(stream.selections, start, end - start):
            continue
        if any(
            chain[place + _DATADOG_RAGE - 1].at - chain[place].at <= _DATADOG_CHAIN_MS
            for place in range(len(chain) - _DATADOG_RAGE + 1)
        ):
            return True
    return False


def _datadog_activity(stream: Stream) -> list[float]:
    return sorted([*stream.changes, *stream.requests_at])


def _datadog_dead_click(stream: Stream) -> bool:
    activity = _datadog_activity(stream)
    for click in stream.clicks:
        if stream.ends_ms < click.at + _DATADOG_LEAVING_MS:
            continue
        excluded = (
            (click.closest == "input" and click.attributes.get("type") not in _BUTTON_TYPES)
            or click.closest in ("textarea", "select", "canvas")
            or click.edits_text
            or click.in_link
        )
        active = (
            _after(activity, click.at, _DATADOG_IDLE_MS)
            or _after(stream.inputs, click.at, _DATADOG_IDLE_MS)
            or _after(stream.scrolls, click.at, _DATADOG_IDLE_MS)
            or _after(stream.selections, click.at, _DATADOG_IDLE_MS)
        )
        if not excluded and not active:
            return True
    return False


def _datadog_error_click(stream: Stream) -> bool:
    activity = _datadog_activity(stream)
    errors = [error.at for error in stream.errors]
    for click in stream.clicks:
        # The action lasts as long as the page does something every 100 ms.
        end = click.at
        for at in activity:
            if click.at <= at <= min(end + _DATADOG_IDLE_MS, click.at + _DATADOG_LONGEST_MS):
                end = at
        if _after(errors, click.at, end + _DATADOG_IDLE_MS - click.at):
            return True
    return False


# --- OpenReplay ----------------------------------------------------------------------------------------------------

_OPENREPLAY_RAGE, _OPENREPLAY_RAGE_MS, _OPENREPLAY_DEAD_MS = 3, 300.0, 1_234.0


def _openreplay_rage_click(stream: Stream) -> bool:
    run = 1
    for before, click in pairwise(stream.clicks):
        same = (click.label or click.text) == (before.label or before.text) and (click.label or click.text)
        run = run + 1 if same and click.at - before.at <= _OPENREPLAY_RAGE_MS else 1
        if run >= _OPENREPLAY_RAGE:
            return True
    return False


def _openreplay_dead_click(stream: Stream) -> bool:
    return any(
        click.closest not in ("input", "textarea", "select")
        and not click.edits_text
        and stream.ends_ms >= click.at + _OPENREPLAY_DEAD_MS
        and not _after(stream.dom_changes, click.at, _OPENREPLAY_DEAD_MS)
        for click in stream.clicks
    )


# --- the original --------------------------------------------------------------------------------------------------

_ORIGINAL_RAGE, _ORIGINAL_RAGE_MS, _ORIGINAL_DEAD_MS, _ORIGINAL_END_MS = 3, 1_000.0, 2_000.0, 5_000.0
_ORIGINAL_BLANK_NODES, _ORIGINAL_BLANK_MS, _ORIGINAL_LOADING_MS = 3, 2_000.0, 8_000.0
_TOAST_CLASS: Final = re.compile(r"\b(?:toast|snackbar|error|alert|notification)\b", re.I)
_TOAST_TEXT: Final = re.compile(r"\b(?:error|failed|couldn't|unable|something went wrong|try again)\b", re.I)
_LOADING: Final = re.compile(r"loading|spinner|please wait|skeleton", re.I)


def _original_console_error(stream: Stream) -> bool:
    return bool(stream.errors)


def _original_4xx(stream: Stream) -> bool:
    return any(400 <= request.status <= 499 and request.status != 401 for request in stream.requests)


def _original_5xx(stream: Stream) -> bool:
    return any(500 <= request.status <= 599 for request in stream.requests)


def _original_rage_click(stream: Stream) -> bool:
    run: list[ClickStep] = []
    for click in stream.clicks:
        if run and (click.node_id != run[0].node_id or click.at - run[0].at > _ORIGINAL_RAGE_MS):
            run = []
        run.append(click)
        if len(run) >= _ORIGINAL_RAGE:
            return True
    return False


def _original_dead_click(stream: Stream) -> bool:
    answers = [*stream.dom_changes, *stream.requests_at]
    return any(not _after(answers, click.at, _ORIGINAL_DEAD_MS) for click in stream.clicks)


def _original_error_toast(stream: Stream) -> bool:
    for node in stream.added_elements:
        attributes = node.get("attributes") or {}
        if attributes.get("role") == "alert" or _TOAST_CLASS.search(str(attributes.get("class", ""))):
            return True
        if _TOAST_TEXT.search(_text_of(node)):
            return True
    return False


def _text_of(raw: Json) -> str:
    texts, left = [], [raw]
    while left:
        node = left.pop()
        texts += [str(node.get("textContent", ""))] if node.get("type") == 3 else []
        left += [child for child in node.get("childNodes") or [] if isinstance(child, dict)]
    return " ".join(texts)


def _original_blank_render(stream: Stream) -> bool:
    for snapshot in stream.snapshots:
        lasted = snapshot.until - snapshot.navigated_at
        loading = _LOADING.search(_text_of(snapshot.node))
        if _elements(snapshot.node) < _ORIGINAL_BLANK_NODES and lasted >= (
            _ORIGINAL_LOADING_MS if loading else _ORIGINAL_BLANK_MS
        ):
            return True
    return False


def _elements(raw: Json) -> int:
    count, left = 0, [raw]
    while left:
        node = left.pop()
        count += node.get("type") == 2
        left += [child for child in node.get("childNodes") or [] if isinstance(child, dict)]
    return count


def _original_abandon(stream: Stream) -> bool:
    failed = [error.at for error in stream.errors if error.printed_by_rrweb]
    failed += [
        request.at for request in stream.requests if 400 <= request.status <= 599 and request.status not in (401, 499)
    ]
    return any(stream.ends_ms - at <= _ORIGINAL_END_MS for at in failed)


_ORIGINAL: Final = "the original"

RULES: Final[dict[str, dict[str, Rule]]] = {
    "Sentry": {"rage_click": _sentry_rage_click, "dead_click": _sentry_dead_click},
    "PostHog": {"rage_click": _posthog_rage_click, "dead_click": _posthog_dead_click},
    "Datadog": {
        "rage_click": _datadog_rage_click,
        "dead_click": _datadog_dead_click,
        "error_click": _datadog_error_click,
    },
    "OpenReplay": {
        "rage_click": _openreplay_rage_click,
        "dead_click": _openreplay_dead_click,
    },
    _ORIGINAL: {
        "console_error": _original_console_error,
        "network_4xx": _original_4xx,
        "network_5xx": _original_5xx,
        "rage_click": _original_rage_click,
        "dead_click": _original_dead_click,
        "error_toast": _original_error_toast,
        "blank_render": _original_blank_render,
        "session_abandon_on_error": _original_abandon,
    },
}
"""What each system has, by the name of our detector for the same."""


def fired(recording: Recording) -> dict[str, frozenset[str]]:
    """Names of the detectors that fire by each system's rules, by the system's name."""
    windows, sessions = streams_of(recording), whole_sessions(recording)
    return {
        system: frozenset(
            name for name, rule in rules.items() if any(map(rule, sessions if system == _ORIGINAL else windows))
        )
        for system, rules in RULES.items()
    }


def has(system: str) -> Collection[str]:
    """Detectors a system has a rule for."""
    return RULES[system].keys()
