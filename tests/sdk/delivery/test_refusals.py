"""The door is there and says no: for now, for this batch, for this key."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser

from retrace_resources.state import StateStore
from tests.sdk.delivery.conftest import Visitor, numbers, running, say, visiting

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

META, SNAPSHOT = 4, 2
LIMIT, WINDOW_SECONDS = 3, 4


def test_storm_of_429_is_waited_out_as_long_as_the_door_asks(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path, replay_limit=(LIMIT, WINDOW_SECONDS)) as door, visiting(browser, door) as visitor:
        page = visitor.open()
        expected = [f"line {number}" for number in range(2 * LIMIT)]
        for line in expected:
            say(page, line)
            page.evaluate("retrace.flush().then(() => undefined)")
        visitor.wait_for(lambda: len(visitor.lines) == len(expected))
        posts = page.evaluate("posts")

        refused = [earlier for earlier, _ in pairwise(posts) if earlier["status"] == 429]
        waits = [later["at"] - earlier["at"] for earlier, later in pairwise(posts) if earlier["status"] == 429]
        assert visitor.lines == expected
        assert max(Counter(numbers(visitor.batches)).values()) == 1
        assert 1 <= len(refused) <= 3
        assert min(waits) >= 1_000


def test_revoked_key_ends_the_recording_with_one_warning(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.wait_for(lambda: visitor.batches)
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text) if message.type == "warning" else None)
    with StateStore.open(visitor.door.home) as store:
        assert store.revoke_sdk_key(visitor.door.sdk_key.id)
    for number in range(5):
        say(page, number)
        page.evaluate("retrace.flush()")
    page.wait_for_timeout(500)

    assert [post["status"] for post in page.evaluate("posts")] == [202, 401]
    assert [text.startswith("[retrace]") for text in warnings] == [True]
    assert page.evaluate("String(console.info).includes('[native code]')")


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


def test_batch_refused_for_good_leaves_a_gap_and_a_fresh_picture_of_the_page(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.wait_for(lambda: recorded.capture.batches)
    recorded.capture.statuses = [400]
    recorded.page.evaluate("console.info('refused')")
    recorded.flush()
    recorded.wait_for(lambda: len(recorded.capture.batches) > 2)
    recorded.page.evaluate("console.info('taken')")
    recorded.flush()

    (gap,) = recorded.payloads("retrace/gap@1")
    after = recorded.capture.batches[2]
    assert (gap["reason"], gap["sequences"]) == ("lost", [1, 1])
    assert [event["type"] for event in after["events"]] == [META, SNAPSHOT]
    assert [batch["sequence"] for batch in recorded.capture.batches] == [0, 1, 2, 3]
    assert [payload["payload"] for payload in recorded.payloads("retrace/console@1")] == [["taken"]]


def test_overflow_drops_the_oldest_says_so_and_takes_a_fresh_picture(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.wait_for(lambda: recorded.capture.batches)
    recorded.capture.statuses = [503]
    # Letters without a pattern: what compresses well would take much longer to be too much.
    recorded.page.evaluate("""async () => {
        const noise = () => Array.from({ length: 4900 }, () => String.fromCharCode(0x4e00 + Math.random() * 20000)).join("");
        console.info("oldest");
        await retrace.flush();
        for (let i = 0; i < 1600; i++) {
            console.info(i, noise());
            if (i % 20 === 0) await new Promise((done) => setTimeout(done));
        }
        console.info("newest");
        await retrace.flush();
    }""")
    recorded.wait_for(lambda: ["newest"] in [payload["payload"] for payload in recorded.payloads("retrace/console@1")])

    gaps = recorded.payloads("retrace/gap@1")
    waited = sum(len(body) for body in recorded.capture.bodies[1:])
    lost = sum(gap["events"] for gap in gaps)
    kept = [payload["payload"] for payload in recorded.payloads("retrace/console@1")]
    snapshots = [event["type"] for event in recorded.events].count(SNAPSHOT)
    assert waited > 8 * 1024 * 1024
    assert {gap["reason"] for gap in gaps} == {"overflow"}
    assert lost > 0
    assert len(kept) + lost >= 1602
    assert kept[0] == ["oldest"], "it was tried before: nobody knew whether it had arrived"
    assert int(kept[1][0]) > 0
    assert snapshots >= 2
