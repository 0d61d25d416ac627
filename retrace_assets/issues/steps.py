"""Typed steps from a session's events to its signal: what a person did, in words and targets a test can find again.

Belongs here: merging events into steps. Does not: finding the events (update), or a runnable test (specs).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

EVENT_KINDS = ("meta", "full_snapshot", "click", "input")
STEPS_KEPT = 20
# A page that comes so soon after a click is the click's doing; the rule held for 95 recordings of several apps.
_NAVIGATES = timedelta(seconds=3)
# What an assertion is about, in columns of `signals`.
_SUBJECT = ("detector", "method", "request", "status", "template", "frame", "target")
_TARGET = ("role", "name", "test_id", "css", "tag")

Step = dict[str, Any]


def typed_steps(events: Iterable[Mapping[str, Any]], signal: Mapping[str, Any]) -> list[Step]:
    """Turn the events of a window, up to its signal, into at most 20 steps.

    `events` are rows of `replay_events` in order, of kinds EVENT_KINDS; `signal` is a row of `signals` with what was
    `expected`. The first step opens the page, the last asserts that; of too many the earliest in between are left out.
    Texts that were entered are never known, so `value` is null.
    """
    walk = _Walk(signal["occurred_at"])
    for event in events:
        walk.take(event)
    steps = walk.steps
    if not steps or steps[0]["action"] != "navigate":
        steps = [_navigate(signal["url"], signal["occurred_at"]), *steps]
    middle = steps[1:][-(STEPS_KEPT - 2) :]
    subject = {name: signal[name] for name in _SUBJECT if signal.get(name) is not None}
    last = _step("assert", signal["expected"], signal["occurred_at"], signal["url"], subject)
    return [{"index": index, **step} for index, step in enumerate([steps[0], *middle, last], start=1)]


class _Walk:
    """The steps so far, and what decides whether the next event is a step of its own."""

    def __init__(self, ends_at: datetime) -> None:
        self.steps: list[Step] = []
        self._ends_at = ends_at
        self._page: str | None = None
        self._clicked_at: datetime | None = None
        self._node: int | None = None
        # What is known of each node from the clicks on it: input events may name their node only.
        self._names: dict[int, dict[str, Any]] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        """Add what an event says, if it says anything new."""
        if event["kind"] == "full_snapshot":
            # Node ids mean other nodes from here on.
            self._names.clear()
            self._node = None
        self._arrive(event)
        if event["kind"] == "click":
            self._click(event)
        elif event["kind"] == "input":
            self._act("input", event)

    def _arrive(self, event: Mapping[str, Any]) -> None:
        url, at = event["url"], event["occurred_at"]
        if not url or url == self._page:
            return
        self._page = url
        self._node = None
        followed = self._clicked_at is not None and at - self._clicked_at <= _NAVIGATES
        if not (self.steps and followed):
            self.steps.append(_navigate(url, at))

    def _click(self, event: Mapping[str, Any]) -> None:
        at = event["occurred_at"]
        # What nobody expects to react is no step, unless it is what the signal is about.
        if event["target_interactive"] is False and at != self._ends_at:
            return
        if event["node_id"] is not None:
            self._names[event["node_id"]] = _target(event)
        self._act("click", event)
        self._clicked_at = at

    def _act(self, action: str, event: Mapping[str, Any]) -> None:
        node = event["node_id"]
        target = _target(event) or self._names.get(node, {})
        if node is not None and node == self._node and (action == "input" or self.steps[-1]["action"] == action):
            # A click that gives a field its focus, repeated clicks, and the keystrokes of one text are one act.
            self.steps.pop()
        self._node = node
        words = "Click {}" if action == "click" else "Enter text into {}"
        self.steps.append(
            _step(action, words.format(_label(target)), event["occurred_at"], event["url"], target=target)
        )


def _target(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: event[f"target_{name}"] for name in _TARGET if event[f"target_{name}"]}


def _label(target: Mapping[str, Any]) -> str:
    kind = target.get("role") or target.get("tag") or "the field"
    if "name" in target:
        return f"{kind} “{target['name']}”"
    place = target.get("test_id") or target.get("css")
    return f"{kind} [{place}]" if place else str(kind)


def _navigate(url: str | None, at: datetime) -> Step:
    return _step("navigate", f"Open {url}" if url else "Open the app", at, url)


def _step(
    action: str, description: str, at: datetime, url: str | None, target: Mapping[str, Any] | None = None
) -> Step:
    return {
        "action": action,
        "description": description,
        "target": dict(target or {}),
        "value": None,
        "url": url,
        "timestamp_ms": int(at.replace(tzinfo=UTC).timestamp() * 1000),
    }
