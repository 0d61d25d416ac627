"""Others' rules: a button that does nothing, as each of them sees it."""

from typing import Any

import pytest

from bench.detectors.others import fired
from bench.detectors.recordings import Recording, Truth, one_post

_START = 1_770_000_000_000
_BUTTON = 5


def _recording(*steps: tuple[int, dict[str, Any]]) -> Recording:
    button = {"type": 2, "tagName": "button", "attributes": {"aria-label": "Save"}, "childNodes": [], "id": _BUTTON}
    body = {"type": 2, "tagName": "body", "attributes": {}, "childNodes": [button], "id": 4}
    html = {"type": 2, "tagName": "html", "attributes": {}, "childNodes": [body], "id": 2}
    document = {"type": 0, "childNodes": [html], "id": 1}
    events: list[Any] = [
        {"type": 4, "data": {"href": "https://shop.test/"}, "timestamp": _START},
        {"type": 2, "data": {"node": document}, "timestamp": _START + 10},
        *({"type": 3, "data": data, "timestamp": _START + at} for at, data in steps),
    ]
    truth = Truth(frozenset(), frozenset(), frozenset(), "")
    return Recording("one", "plain", (one_post("one", events),), truth)


def _click(at: int) -> tuple[int, dict[str, Any]]:
    return at, {"source": 2, "type": 2, "id": _BUTTON, "x": 20, "y": 20}


def _mutation(at: int) -> tuple[int, dict[str, Any]]:
    return at, {"source": 0, "adds": [], "removes": [], "texts": [{"id": 9, "value": "x"}], "attributes": []}


def _move(at: int) -> tuple[int, dict[str, Any]]:
    return at, {"source": 1, "positions": [{"x": 1, "y": 1, "id": 4, "timeOffset": 0}]}


@pytest.mark.parametrize("system", ["Sentry", "PostHog", "Datadog", "OpenReplay", "the original"])
def test_others_find_a_click_without_an_answer_dead(system: str) -> None:
    assert "dead_click" in fired(_recording(_click(500), _move(9_000)))[system]


@pytest.mark.parametrize("system", ["Sentry", "PostHog", "Datadog", "OpenReplay", "the original"])
def test_others_find_a_click_alive_when_the_page_changes_at_once(system: str) -> None:
    assert "dead_click" not in fired(_recording(_click(500), _mutation(540), _move(9_000)))[system]


@pytest.mark.parametrize("system", ["PostHog", "Datadog", "OpenReplay", "the original"])
def test_others_find_quick_clicks_rage(system: str) -> None:
    assert "rage_click" in fired(_recording(*map(_click, (500, 650, 800, 950)), _move(9_000)))[system]


def test_sentry_finds_rage_only_in_five_clicks_on_a_dead_control() -> None:
    five = map(_click, (500, 650, 800, 950, 1_100))
    assert "rage_click" in fired(_recording(*five, _move(9_000)))["Sentry"]
    assert "rage_click" not in fired(_recording(*map(_click, (500, 650, 800)), _move(9_000)))["Sentry"]
