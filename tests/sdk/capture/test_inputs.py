"""Input: one event for a finished entry, without what was entered."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def test_entry_is_told_once_by_kind_class_and_length(open_page: OpenPage) -> None:
    recorded = open_page(
        "<input id=name><input id=mail><input id=pw type=password><input id=n type=number>"
        "<input id=box type=checkbox><select><option>S<option>M<option>L</select><input id=file type=file>"
    )
    page = recorded.page
    page.type("#name", "Jane Roe")
    page.type("#mail", "jane@example.com")
    page.type("#pw", "correct horse")
    page.type("#n", "42")
    page.click("#box")
    page.select_option("select", "L")
    page.set_input_files("#file", {"name": "Roe.CSV", "mimeType": "text/csv", "buffer": b"a,b"})
    recorded.flush()

    facts = ("kind", "valueClass", "length", "checked", "options", "files", "valueMasked")
    assert [
        {name: entry[name] for name in facts if name in entry} for entry in recorded.payloads("retrace/input@1")
    ] == [
        {"kind": "fill", "valueClass": "plain", "length": 8, "valueMasked": True},
        {"kind": "fill", "valueClass": "email", "length": 16, "valueMasked": True},
        {"kind": "fill", "valueClass": "secret", "valueMasked": True},
        {"kind": "fill", "valueClass": "number", "length": 2, "valueMasked": True},
        {"kind": "check", "checked": True, "valueMasked": True},
        {"kind": "select", "valueClass": "plain", "length": 1, "options": [2], "valueMasked": True},
        {"kind": "file", "files": [{"ext": "csv", "mime": "text/csv", "size": 3}], "valueMasked": True},
    ]
    assert "Roe" not in b"".join(recorded.capture.bodies).decode()


def test_entry_comes_before_the_click_that_follows_it(open_page: OpenPage) -> None:
    recorded = open_page("<form><input aria-label=Search><button type=button>Find</button></form>")
    recorded.page.type("input", "shoes")
    recorded.page.evaluate("() => { document.activeElement.onblur = (event) => event.stopImmediatePropagation(); }")
    recorded.page.click("button")
    recorded.flush()

    own = [event["data"]["plugin"] for event in recorded.events if event["type"] == 6]
    assert own[-2:] == ["retrace/input@1", "retrace/click@1"]
    (entry,) = recorded.payloads("retrace/input@1")
    assert entry["target"]["accessibleName"] == "Search"
    assert entry["userTriggered"] is True


def test_field_that_the_page_writes_back_is_told(open_page: OpenPage) -> None:
    recorded = open_page("<input>", script="document.querySelector('input').oninput = (e) => { e.target.value = ''; };")
    recorded.page.type("input", "abc")
    recorded.page.click("body")
    recorded.flush()

    (entry,) = recorded.payloads("retrace/input@1")
    assert entry["controlledReset"] is True


def test_entry_still_open_when_the_page_is_left_arrives(open_page: OpenPage) -> None:
    recorded = open_page("<input>")
    recorded.page.type("input", "half a wo")
    recorded.page.goto("about:blank")
    recorded.wait_for(recorded.finals)

    assert [entry["length"] for entry in recorded.payloads("retrace/input@1")] == [9]
