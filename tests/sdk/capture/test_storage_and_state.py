"""What the page keeps in the browser, by name and size, and the state it starts and fails in."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def test_storage_is_told_by_key_class_and_size_never_by_value(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("""() => {
        localStorage.setItem("cart", "3");
        localStorage.setItem("access_token", "t0ps3cret");
        sessionStorage.setItem("of jane@example.com", "wide");
        localStorage.removeItem("cart");
        sessionStorage.clear();
    }""")
    recorded.flush()

    facts = ("area", "op", "key", "valueClass", "size")
    assert [tuple(event.get(name) for name in facts) for event in recorded.payloads("retrace/storage@1")] == [
        ("local", "set", "cart", "number", 1),
        ("local", "set", "access_token", "secret", 9),
        ("session", "set", "of [email]", "plain", 4),
        ("local", "remove", "cart", None, None),
        ("session", "clear", None, None, None),
    ]
    assert "t0ps3cret" not in b"".join(recorded.capture.bodies).decode()


def test_state_is_told_at_the_start_and_at_a_failure(open_page: OpenPage) -> None:
    recorded = open_page(
        "<script>localStorage.theme = 'dark'; localStorage.token = 't0ps3cret';"
        "document.cookie = 'sid=t0ps3cret';</script>",
        "{ release: 'shop@1', storageValues: ['theme'] }",
        script="retrace.setContext({ loggedIn: true, roleRef: 'admin', flags: { fast: true } });"
        "localStorage.theme = 'light';",
    )
    recorded.page.evaluate("setTimeout(() => { throw new Error('broken'); })")
    recorded.page.wait_for_timeout(50)
    recorded.flush()

    start, failure = recorded.payloads("retrace/state@1")
    assert (start["when"], failure["when"]) == ("start", "failure")
    assert (start["release"], start["viewport"]) == ("shop@1", {"width": 1280, "height": 720})
    assert start["cookieNames"] == ["sid"]
    assert (start["values"], failure["values"]) == ({"theme": "dark"}, {"theme": "light"})
    hashes = [{item["key"]: item["hash"] for item in state["storage"]["local"]} for state in (start, failure)]
    assert hashes[0]["theme"] != hashes[1]["theme"]
    assert hashes[0]["token"] == hashes[1]["token"]
    assert (failure["loggedIn"], failure["roleRef"], failure["flags"]) == (True, "admin", {"fast": True})
    assert "t0ps3cret" not in b"".join(recorded.capture.bodies).decode()


def test_state_is_told_when_a_request_failed(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("fetch('/status/204')")
    recorded.page.evaluate("fetch('/status/500')")
    recorded.flush()

    assert [state["when"] for state in recorded.payloads("retrace/state@1")] == ["start", "failure"]
    names = [event["data"].get("plugin") for event in recorded.events if event["type"] == 6]
    assert names.index("retrace/network@1") + 2 == names.index("retrace/state@1", names.index("retrace/network@1"))
