"""The door is there but has no time, or the network is gone: pages wait, ask seldom, and lose nothing."""

from collections import Counter
from itertools import pairwise

import pytest
from playwright.sync_api import Route

from tests.sdk.delivery.conftest import Visitor, numbers, say

pytestmark = pytest.mark.slow

RETRY_AFTER_S = 7


def test_storm_of_429_is_answered_by_waiting_as_long_as_asked(visitor: Visitor) -> None:
    page = visitor.context.new_page()
    page.clock.install()
    visitor.go(page, "/")
    visitor.wait_for(lambda: visitor.batches)

    def refuse(route: Route) -> None:
        exposed = {"access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After"}
        route.fulfill(status=429, headers={**exposed, "retry-after": str(RETRY_AFTER_S)})

    page.route("**/api/sdk/replay", refuse)
    for second in range(60):
        say(page, f"second {second}")
        page.clock.fast_forward(1_000)
        page.wait_for_timeout(10)
    refused = [post for post in page.evaluate("posts") if post["status"] == 429]
    page.unroute("**/api/sdk/replay")

    def arrived() -> bool:
        page.clock.fast_forward(10_000)
        return "second 59" in visitor.lines

    visitor.wait_for(arrived, page)
    assert 3 <= len(refused) <= 60 // RETRY_AFTER_S + 1
    assert all(later["at"] - earlier["at"] >= RETRY_AFTER_S * 1_000 for earlier, later in pairwise(refused))
    assert visitor.lines == [f"second {second}" for second in range(60)]
    assert max(Counter(numbers(visitor.batches)).values()) == 1


def test_page_without_a_network_asks_nobody_and_goes_on_when_it_is_back(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.wait_for(lambda: visitor.batches)
    visitor.context.set_offline(True)
    for line in range(5):
        say(page, f"offline {line}")
        page.wait_for_timeout(300)
    while_offline = [post for post in page.evaluate("posts") if post["status"] == 0]
    visitor.context.set_offline(False)
    say(page, "online")
    visitor.wait_for(lambda: "online" in visitor.lines, page)

    assert len(while_offline) <= 2
    assert visitor.lines == [*(f"offline {line}" for line in range(5)), "online"]
    assert max(Counter(numbers(visitor.batches)).values()) == 1
