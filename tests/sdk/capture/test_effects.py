"""What a click did: lasting changes, addresses, requests, dialogs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


PAGE = """
<button id=opens>Opens</button><button id=busy>Busy</button><button id=dead>Dead</button><button id=saves>Saves</button>
<button id=toast>Toast</button><p hidden>Panel</p><div id=messages role=alert></div>"""
APP = """
  const on = (id, act) => (document.getElementById(id).onclick = act);
  on("opens", () => setTimeout(() => { document.querySelector("p").hidden = false; }, 100));
  on("busy", (event) => { event.target.disabled = true; setTimeout(() => { event.target.disabled = false; }, 200); });
  on("saves", () => fetch("/status/201", { method: "POST" }));
  on("toast", () => { document.querySelector("#messages").textContent = "Something went wrong"; });
"""


# Lasting change and requests of each button.
DONE = {"opens": (True, 0), "busy": (False, 0), "dead": (False, 0), "saves": (False, 1), "toast": (False, 0)}


def test_effect_tells_a_lasting_change_from_a_flicker(open_page: OpenPage) -> None:
    # A page each, side by side: what one click did must not be taken for another's.
    pages = {button: open_page(PAGE, script=APP) for button in DONE}
    for button, recorded in pages.items():
        recorded.page.click(f"#{button}")
    recorded.page.wait_for_timeout(500)
    for recorded in pages.values():
        recorded.page.evaluate("retrace.stop()")
    recorded.wait_for(lambda: len(recorded.finals()) == len(DONE))

    buttons = {
        (event["doc"], batch["windowId"], event["id"]): event["target"]["id"]
        for batch in recorded.capture.batches
        for event in _payloads(batch, "retrace/click@1")
    }
    effects = {
        buttons[effect["doc"], batch["windowId"], effect["act"]]: effect
        for batch in recorded.capture.batches
        for effect in _payloads(batch, "retrace/effect@1")
    }
    assert {button: (effect["lasting"], effect["firstPartyRequests"]) for button, effect in effects.items()} == DONE
    assert 80 <= effects["opens"]["firstEffectMs"] < 400
    assert not any(effect["urlChanged"] for effect in effects.values())


def _payloads(batch: dict[str, Any], plugin: str) -> list[dict[str, Any]]:
    return [event["data"]["payload"] for event in batch["events"] if event["data"].get("plugin") == plugin]


def test_effect_is_told_after_two_and_a_half_seconds(open_page: OpenPage) -> None:
    recorded = open_page(
        "<button>Go</button>", script="document.querySelector('button').onclick = () => confirm('Go?');"
    )
    recorded.page.on("dialog", lambda dialog: dialog.accept())
    recorded.page.click("button")
    recorded.page.wait_for_timeout(2_700)
    recorded.flush()

    (effect,) = recorded.payloads("retrace/effect@1")
    assert effect["dialog"] is True
