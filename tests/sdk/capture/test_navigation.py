"""The address: loads, and what an app does to it without loading."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


APP = """
  document.querySelector('#push').onclick = () => history.pushState({}, "", "/orders?token=t0ps3cret");
  document.querySelector('#replace').onclick = () => history.replaceState({}, "", "/orders/1");
  setTimeout(() => history.pushState({}, "", "/by-itself"), 0);
"""
PAGE = "<button id=push>Push</button><button id=replace>Replace</button><a href='#details'>Details</a>"


@pytest.mark.parametrize("navigation_api", [True, False])
def test_changes_of_the_address_arrive_with_their_kind(open_page: OpenPage, *, navigation_api: bool) -> None:
    hide = (
        "" if navigation_api else "<script>Object.defineProperty(window, 'navigation', { value: undefined })</script>"
    )
    recorded = open_page(hide + PAGE, script=APP)
    page = recorded.page
    page.wait_for_timeout(50)
    page.click("#push")
    page.click("#replace")
    page.click("a")
    page.wait_for_timeout(1100)
    page.evaluate("history.go(-2)")
    page.wait_for_timeout(100)
    recorded.flush()

    moves = [
        (nav["kind"], nav["to"].removeprefix(recorded.address), nav.get("userInitiated", False))
        for nav in recorded.payloads("retrace/nav@1")
    ]
    assert moves == [
        ("load", "/", False),
        ("push", "/by-itself", False),
        ("push", "/orders?token=[redacted]", True),
        ("replace", "/orders/1", True),
        ("hash", "/orders/1#details", True),
        ("pop", "/by-itself", True),
    ]
    native = page.evaluate("String(history.pushState).includes('[native code]')")
    assert native is navigation_api


def test_reload_is_told_from_a_load(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.reload()
    recorded.page.wait_for_function("window.retrace !== undefined")
    recorded.flush()

    recorded.wait_for(lambda: len(recorded.payloads("retrace/nav@1")) == 2)
    assert [nav["kind"] for nav in recorded.payloads("retrace/nav@1")] == ["load", "reload"]
