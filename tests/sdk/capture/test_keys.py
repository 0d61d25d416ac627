"""Keys: those that do something, never those that write."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def _keys(recorded: "Recorded") -> list[tuple[str, list[str]]]:
    return [(payload["key"], payload["modifiers"]) for payload in recorded.payloads("retrace/key@1")]


def test_keys_that_write_are_never_recorded(open_page: OpenPage) -> None:
    recorded = open_page("<input><p tabindex=0>Text</p>")
    recorded.page.focus("input")
    for key in ("a", "1", "Space", "Backspace", "Delete", "Shift+A", "Enter", "ArrowLeft", "Control+k"):
        recorded.page.keyboard.press(key)
    recorded.page.focus("p")
    for key in ("j", "Space", "Delete", "Escape", "F2"):
        recorded.page.keyboard.press(key)
    recorded.flush()

    assert _keys(recorded) == [
        *(("Enter", []), ("ArrowLeft", []), ("k", ["ctrl"])),
        *(("Space", []), ("Delete", []), ("Escape", []), ("F2", [])),
    ]


def test_key_comes_before_what_it_caused_and_tells_whether_the_page_took_it(open_page: OpenPage) -> None:
    recorded = open_page(
        "<input><p></p>",
        script="""document.querySelector("input").onkeydown = (event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            document.querySelector("p").textContent = "Found";
            history.pushState({}, "", "/found");
        };""",
    )
    recorded.page.type("input", "shoes")
    recorded.page.keyboard.press("Enter")
    recorded.page.keyboard.press("Tab")
    recorded.flush()

    enter, tab = recorded.payloads("retrace/key@1")
    own = [
        event["data"].get("plugin", event["data"].get("source")) for event in recorded.events if event["type"] in (3, 6)
    ]
    key_at, nav_at = own.index("retrace/key@1"), own.index("retrace/nav@1", 1)
    change_at = next(
        at
        for at, event in enumerate(event for event in recorded.events if event["type"] in (3, 6))
        if event["data"].get("source") == 0
    )
    assert own[key_at - 1] == "retrace/input@1"
    assert key_at < nav_at
    assert key_at < change_at
    assert (enter.get("defaultPrevented"), tab.get("defaultPrevented")) == (True, None)
    assert recorded.payloads("retrace/nav@1")[-1]["cause"] == enter["id"]
