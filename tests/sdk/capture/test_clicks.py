"""Clicks: what was clicked, as it was before the page reacted."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def _click_targets(recorded: "Recorded") -> list[dict[str, Any]]:
    return [payload["target"] for payload in recorded.payloads("retrace/click@1")]


# What finds the control again; what is left says what it is.
LOCATING = ("css", "matchCount", "matchedBy", "nth", "visible")


def test_click_describes_the_control_by_role_name_and_test_id(open_page: OpenPage) -> None:
    recorded = open_page(
        '<button id="pay" class="big" data-testid="pay-now" aria-label="Pay €12"><svg width="40"></svg></button>'
        '<label for="mail">Your <b>mail</b></label><input id="mail" name="mail" placeholder="me@x">'
        '<a href="#a">Go <span style="display:none">hidden</span><img alt="home" width="9" height="9"></a>'
        "<div id='plain' style='width:50px;height:20px'>plain text</div>"
    )
    recorded.page.click("svg")
    recorded.page.click("#mail")
    recorded.page.click("a")
    recorded.page.click("#plain")
    recorded.flush()

    described = [
        {name: value for name, value in target.items() if name not in LOCATING} for target in _click_targets(recorded)
    ]
    assert described == [
        {
            "tagName": "button",
            "interactive": True,
            "testIdAttrName": "data-testid",
            "testIdValue": "pay-now",
            "id": "pay",
            "className": "big",
            "role": "button",
            "ariaLabel": "Pay €12",
            "accessibleName": "Pay €12",
        },
        {
            "tagName": "input",
            "interactive": True,
            "id": "mail",
            "name": "mail",
            "role": "textbox",
            "accessibleName": "Your mail",
            "labelText": "Your mail",
            "placeholder": "me@x",
        },
        {"tagName": "a", "interactive": True, "role": "link", "accessibleName": "Go home", "text": "Go home"},
        {"tagName": "div", "interactive": False, "id": "plain", "text": "plain text"},
    ]


NAMED = [
    ("<button>  Add\n to <b>cart</b> </button>", "Add to cart"),
    ("<span id=l>Close dialog</span><button aria-labelledby=l>x</button>", "Close dialog"),
    ("<button title='Zoom in'><svg width=9 height=9></svg></button>", "Zoom in"),
    ("<button><svg width=9 height=9><title>Menu</title></svg></button>", "Menu"),
    ("<button><span aria-hidden=true>★</span>Save</button>", "Save"),
    ("<button><div>One</div><div>Two</div></button>", "One Two"),
    ("<input type=submit value=Send>", "Send"),
    ("<label>Remember me <input type=checkbox></label>", "Remember me"),
]


def test_click_names_a_control_as_a_role_locator_does(open_page: OpenPage) -> None:
    recorded = open_page("".join(f"<div>{markup}</div>" for markup, _ in NAMED))
    controls = recorded.page.locator("button, input")
    for at in range(len(NAMED)):
        controls.nth(at).click()
    recorded.flush()

    targets = _click_targets(recorded)
    assert [target["accessibleName"] for target in targets] == [name for _, name in NAMED]
    for target in targets:
        assert recorded.page.get_by_role(target["role"], name=target["accessibleName"], exact=True).count() == 1


def test_click_is_described_as_it_was_before_the_page_reacted(open_page: OpenPage) -> None:
    recorded = open_page("<button>Buy</button>", script="document.onclick = (e) => e.target.remove()")
    recorded.page.evaluate("addEventListener('click', (e) => { e.target.textContent = 'Gone'; }, { capture: true })")
    recorded.page.click("button")
    recorded.flush()

    assert _click_targets(recorded)[0]["text"] == "Buy"


def test_click_carries_the_node_id_of_rrwebs_own_click(open_page: OpenPage) -> None:
    recorded = open_page("<button>One</button><p><button>Two</button></p>")
    recorded.page.click("text=One")
    recorded.page.click("text=Two")
    recorded.flush()

    rrweb_ids = [
        event["data"]["id"] for event in recorded.events if event["type"] == 3 and event["data"].get("type") == 2
    ]
    assert [payload["nodeId"] for payload in recorded.payloads("retrace/click@1")] == rrweb_ids
    assert len(set(rrweb_ids)) == 2


def test_click_by_a_script_is_not_a_persons(open_page: OpenPage) -> None:
    recorded = open_page("<button>One</button>")
    recorded.page.evaluate("document.querySelector('button').click()")
    recorded.flush()

    assert recorded.payloads("retrace/click@1") == []


def test_click_on_a_label_is_one_click(open_page: OpenPage) -> None:
    recorded = open_page("<label for=box>Express</label><input type=checkbox id=box>")
    recorded.page.click("label")
    recorded.page.click("input")
    recorded.flush()

    assert recorded.page.is_checked("input") is False
    assert [target["tagName"] for target in _click_targets(recorded)] == ["label", "input"]


def test_click_tells_how_to_find_the_control_again(open_page: OpenPage) -> None:
    recorded = open_page(
        "<ul><li><button>Remove</button></li><li><button>Remove</button></li></ul>"
        "<button data-testid='pay'>Pay</button><input placeholder='Find'><div id=host></div>",
        script="document.querySelector('#host').attachShadow({ mode: 'open' }).innerHTML = '<button>Inside</button>';",
    )
    recorded.page.click("li:nth-child(2) button")
    recorded.page.click("[data-testid=pay]")
    recorded.page.click("input")
    recorded.page.click("#host button")
    recorded.flush()

    located = [{name: target.get(name) for name in (*LOCATING, "path")} for target in _click_targets(recorded)]
    assert located == [
        {
            "css": "li:nth-of-type(2) > button",
            "matchCount": 2,
            "matchedBy": "role",
            "nth": 1,
            "visible": True,
            "path": None,
        },
        {"css": "body > button", "matchCount": 1, "matchedBy": "testId", "nth": None, "visible": True, "path": None},
        {"css": "input", "matchCount": 1, "matchedBy": "placeholder", "nth": None, "visible": True, "path": None},
        {"css": "button", "matchCount": 1, "matchedBy": "role", "nth": None, "visible": True, "path": ["#host"]},
    ]
    for target in _click_targets(recorded)[:3]:
        assert recorded.page.locator(target["css"]).count() == 1


def test_click_tells_the_button_the_modifiers_and_the_pointer(open_page: OpenPage) -> None:
    recorded = open_page("<button>Go</button>")
    recorded.page.click("button", modifiers=["Shift"])
    recorded.flush()

    (click,) = recorded.payloads("retrace/click@1")
    assert (click["button"], click["modifiers"], click["pointerType"]) == (0, ["shift"], "mouse")
