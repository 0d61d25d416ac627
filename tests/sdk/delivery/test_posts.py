"""What pages post: the end of a visit, batches the door does not take at once, and those it never takes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

KEEPALIVE_BYTES = 60 * 1024
MEMORY_BYTES = 8 * 1024 * 1024
SNAPSHOT = 2


def test_what_is_too_much_for_the_end_of_a_page_is_sent_by_the_next_one(open_page: OpenPage) -> None:
    recorded = open_page(options="{ batchSize: 10000 }")
    recorded.page.evaluate(
        "() => { for (let i = 0; i < 30; i++) console.info(i, 'x'.repeat(4000)); console.error('the last line'); }"
    )
    recorded.page.goto("about:blank")
    recorded.wait_for(recorded.finals)
    recorded.page.goto(recorded.address)

    def lines() -> list[str]:
        # A post whose answer nobody waited for is sent again, as it was; the door takes it once.
        left = {batch["sequence"]: batch for batch in recorded.capture.batches if batch["windowId"] == window}
        events = [event for _, batch in sorted(left.items()) for event in batch["events"]]
        said = [event["data"]["payload"] for event in events if event["data"].get("plugin") == "retrace/console@1"]
        return [payload["payload"][0] for payload in said]

    window = recorded.capture.batches[0]["windowId"]
    recorded.wait_for(lambda: len(lines()) > 30)
    finals = [body for body in recorded.capture.bodies if b'"final"' in body]
    assert lines() == [*map(str, range(30)), "the last line"]
    assert all(len(body) <= KEEPALIVE_BYTES for body in finals)


def test_batch_is_sent_again_unchanged_when_the_door_is_busy(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.wait_for(lambda: recorded.capture.batches)
    recorded.capture.statuses = [503, 429]
    recorded.page.evaluate("console.info('once')")
    recorded.flush()
    recorded.page.evaluate("console.info('later')")
    recorded.page.evaluate("retrace.flush()")
    recorded.wait_for(lambda: len(recorded.capture.batches) == 3)

    first, second, third, last = recorded.capture.bodies[1:]
    assert first == second == third != last
    assert [batch["sequence"] for batch in recorded.capture.batches] == [0, 1, 2]
    assert [payload["payload"] for payload in recorded.payloads("retrace/console@1")] == [["once"], ["later"]]


def test_batch_that_is_refused_for_good_leaves_a_gap_and_a_new_picture(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.wait_for(lambda: recorded.capture.batches)
    recorded.capture.statuses = [400]
    recorded.page.evaluate("console.info('refused')")
    recorded.flush()
    recorded.page.evaluate("console.info('taken')")
    recorded.flush()

    (gap,) = recorded.payloads("retrace/gap@1")
    assert (gap["reason"], gap["sequences"]) == ("lost", [1, 1])
    assert sum(event["type"] == SNAPSHOT for event in recorded.events) == 2
    assert [payload["payload"] for payload in recorded.payloads("retrace/console@1")] == [["taken"]]


def test_overflow_lets_the_oldest_go_and_says_so(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.wait_for(lambda: recorded.capture.batches)
    recorded.capture.statuses = [503]
    recorded.page.evaluate("() => { for (let i = 0; i < 3000; i++) console.info(i, 'x'.repeat(4900)); }")
    recorded.wait_for(lambda: recorded.payloads("retrace/gap@1"))
    recorded.page.evaluate("console.info('after')")
    recorded.flush()
    recorded.wait_for(lambda: recorded.payloads("retrace/console@1")[-1]["payload"] == ["after"])

    gaps = recorded.payloads("retrace/gap@1")
    numbers = [int(payload["payload"][0]) for payload in recorded.payloads("retrace/console@1")[:-1]]
    assert {gap["reason"] for gap in gaps} == {"overflow"}
    assert numbers == list(range(3000 - len(numbers), 3000)), "the oldest are gone, and nothing else"
    assert len(numbers) + sum(gap["events"] for gap in gaps) >= 3000
    assert sum(len(body) for body in recorded.capture.bodies[2:]) < MEMORY_BYTES + 1024 * 1024
    assert sum(event["type"] == SNAPSHOT for event in recorded.events) >= 2
