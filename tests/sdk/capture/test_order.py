"""The stream as a whole: order, ids, documents, causes."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

SNAPSHOT, META = 2, 4


def test_recorder_sends_the_first_snapshot_at_once(open_page: OpenPage) -> None:
    recorded = open_page("<h1>Hello</h1>", '{ release: "shop@1", distinctId: "visitor-01", metadata: { plan: "pro" } }')

    recorded.wait_for(lambda: recorded.capture.batches)

    batch = recorded.capture.batches[0]
    assert META in (types := [event["type"] for event in batch["events"]])
    assert types[types.index(META) + 1] == SNAPSHOT
    assert batch["sequence"] == 0
    assert batch["flushType"] == "normal"
    assert batch["release"] == "shop@1"
    assert batch["distinctId"] == "visitor-01"
    assert batch["sdk"]["name"] == "@retrace/browser"
    assert batch["metadata"]["plan"] == "pro"
    assert batch["metadata"]["viewport"] == {"width": 1280, "height": 720}
    assert abs(batch["sentAt"] - recorded.capture.received_at_ms[0]) < 5_000
    assert recorded.capture.keys == ["rtpk_test"]


def test_events_arrive_in_the_order_they_happened(open_page: OpenPage) -> None:
    recorded = open_page(
        "<button>Go</button>",
        script="""document.querySelector('button').onclick = async () => {
            console.error("before"); await fetch("/status/500"); throw new Error("after"); }""",
    )
    recorded.page.click("button")
    recorded.page.wait_for_timeout(200)
    recorded.flush()

    own = [event["data"]["plugin"] for event in recorded.events if event["type"] == 6]
    assert own == [
        *("retrace/nav@1", "retrace/state@1"),
        *("retrace/click@1", "retrace/console@1", "retrace/network@1", "retrace/state@1", "retrace/exception@1"),
    ]
    assert all(a["timestamp"] <= b["timestamp"] for a, b in pairwise(recorded.events))


def test_every_event_of_ours_has_an_id_a_document_an_address_and_its_cause(open_page: OpenPage) -> None:
    recorded = open_page("<button>Go</button>", script="document.querySelector('button').onclick = () => fetch('/x');")
    recorded.page.click("button")
    recorded.page.wait_for_timeout(100)
    recorded.flush()

    own = [event["data"]["payload"] for event in recorded.events if event["type"] == 6]
    (click,) = recorded.payloads("retrace/click@1")
    (request,) = recorded.payloads("retrace/network@1")
    assert len({payload["id"] for payload in own}) == len(own)
    assert all(payload["url"].startswith(recorded.address) for payload in own)
    assert request["cause"] == click["id"]
    assert "cause" not in click
    snapshots = [at for at, event in enumerate(recorded.events) if event["type"] == SNAPSHOT]
    assert click["doc"] == len(snapshots) >= 1
