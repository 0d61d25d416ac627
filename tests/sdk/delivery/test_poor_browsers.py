"""Browsers in which something is missing or forbidden: the recording goes on with what there is."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

_FORBID = "Object.defineProperty(window, '{name}', {{ get() {{ throw new DOMException('no', 'SecurityError'); }} }});"
_TAKE_AWAY = "Object.defineProperty(window, '{name}', {{ value: undefined }});"
_NO_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined });"


@pytest.mark.parametrize(
    "poverty",
    [
        _FORBID.format(name="indexedDB"),
        _TAKE_AWAY.format(name="indexedDB"),
        "indexedDB.open = () => ({});",
        _FORBID.format(name="localStorage"),
        _TAKE_AWAY.format(name="CompressionStream"),
        "window.CompressionStream = class { constructor() { throw new Error('no'); } };",
        _NO_LOCKS,
        "delete Crypto.prototype.randomUUID; Object.defineProperty(crypto, 'subtle', { value: undefined });",
    ],
    ids=[
        "database forbidden",
        "no database",
        "database that never answers",
        "storage forbidden",
        "no compression",
        "broken compression",
        "no locks",
        "poor crypto",
    ],
)
def test_recording_arrives_when_the_browser_lacks(poverty: str, open_page: OpenPage) -> None:
    recorded = open_page("<button>Go</button>", script="console.info('after')")
    recorded.page.add_init_script(
        f"window.rejections = 0; addEventListener('unhandledrejection', () => (window.rejections += 1)); {poverty}"
    )
    recorded.page.goto(recorded.address + "/poor")
    recorded.page.wait_for_function("window.retrace !== undefined")
    recorded.capture.batches.clear()
    recorded.capture.statuses = [503]
    recorded.page.evaluate("console.info('once')")
    recorded.page.evaluate("retrace.flush().then(() => undefined)")
    recorded.wait_for(lambda: ["once"] in [payload["payload"] for payload in recorded.payloads("retrace/console@1")])
    rejections = recorded.page.evaluate("rejections")
    recorded.page.goto("about:blank")
    recorded.wait_for(recorded.finals)

    assert rejections == 0
