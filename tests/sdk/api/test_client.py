"""The client an app holds."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def test_stop_sends_the_rest_and_gives_the_page_its_functions_back(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("console.info('kept')")
    recorded.page.evaluate("retrace.stop()")
    recorded.page.evaluate("console.error('not ours any more')")

    native = recorded.page.evaluate(
        "[fetch, console.error, XMLHttpRequest.prototype.send].map((f) => String(f).includes('[native code]'))"
    )
    assert native == [True, True, True]
    assert [payload["payload"] for payload in recorded.payloads("retrace/console@1")] == [["kept"]]
    assert [batch["flushType"] for batch in recorded.finals()] == ["final"]


def test_identify_names_the_visitor_from_then_on(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("retrace.identify('user-7', { plan: 'pro' }); console.info('x')")
    recorded.flush()

    assert [batch["distinctId"] for batch in recorded.capture.batches] == ["", "user-7"]
    assert recorded.capture.batches[-1]["metadata"]["plan"] == "pro"


def test_init_without_a_key_says_so_and_leaves_the_page_alone(open_page: OpenPage) -> None:
    recorded = open_page(options="{ apiKey: '' }", script="window.after = 'reached'; retrace.start();", sends=False)

    assert recorded.page.evaluate("retrace.flush().then(() => after)") == "reached"
    assert recorded.capture.bodies == []
