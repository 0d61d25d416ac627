"""The end of a page: what its last breath carries, what the next page sends for it, and what is lost for good."""

from collections import Counter

import pytest

from tests.sdk.delivery.conftest import Visitor, numbers, say

pytestmark = pytest.mark.slow


def test_tab_closed_while_all_is_well_loses_nothing(visitor: Visitor) -> None:
    other = visitor.context.new_page()
    page = visitor.open()
    visitor.wait_for(lambda: visitor.batches, other)
    say(page, "the last line")
    page.close(run_before_unload=True)
    visitor.wait_for(lambda: any(batch["flushType"] == "final" for batch in visitor.batches), other)

    assert visitor.lines == ["the last line"]


def test_what_is_too_large_for_last_words_leaves_the_small_ones_theirs(visitor: Visitor) -> None:
    other = visitor.context.new_page()
    page = visitor.open()
    visitor.wait_for(lambda: visitor.batches, other)
    page.evaluate(
        """() => {
            const much = Array.from({ length: 100_000 }, () => Math.random().toString(36)[2]).join("");
            console.info("before");
            document.body.append(much);
            Promise.resolve().then(() => location.replace("about:blank"));
        }"""
    )
    # Last words go out side by side, and come in as they come.
    visitor.wait_for(lambda: any(batch["flushType"] == "final" for batch in visitor.batches) and visitor.lines, other)

    assert visitor.lines == ["before"]


def test_last_tab_closed_offline_loses_its_end_only_if_nobody_returns(visitor: Visitor) -> None:
    other = visitor.context.new_page()
    page = visitor.open()
    visitor.wait_for(lambda: visitor.batches, other)
    visitor.context.set_offline(True)
    say(page, "offline")
    page.wait_for_timeout(400)
    say(page, "the last line")
    page.close(run_before_unload=True)
    other.wait_for_timeout(300)
    visitor.context.set_offline(False)
    other.wait_for_timeout(300)
    lost = visitor.lines

    visitor.open("/back")
    visitor.wait_for(lambda: len(visitor.lines) == 2, other)

    assert lost == []
    assert visitor.lines == ["offline", "the last line"]
    assert visitor.payloads("retrace/gap@1") == []
    assert max(Counter(numbers(visitor.batches)).values()) == 1


def test_page_that_comes_online_again_sends_at_once_what_waited(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.wait_for(lambda: visitor.batches)
    visitor.context.set_offline(True)
    for number in range(4):
        say(page, f"offline {number}")
        page.wait_for_timeout(350)
    tried = len(page.evaluate("posts"))
    visitor.context.set_offline(False)
    visitor.wait_for(lambda: len(visitor.lines) == 4)

    assert tried == 2, "the first batch, and one that found out"
    assert visitor.lines == [f"offline {number}" for number in range(4)]
    assert max(Counter(numbers(visitor.batches)).values()) == 1
