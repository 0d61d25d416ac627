"""Sessions over HTTP: finding them, paging through them, and what is in one."""

from datetime import timedelta
from typing import Any

import pytest

from tests.landing_rows import RECEIVED, at, land, meta, post
from tests.retrace_app.http.read.conftest import Site, take_in, visits


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [session["session_id"] for session in answer.json()["sessions"]]


def test_sessions_are_listed_latest_first_with_times_in_utc(site: Site) -> None:
    answer = site.get("/api/replays").json()
    assert (answer["project_id"], answer["environment_id"]) == (
        site.shop.workspace.project_id,
        site.shop.environment_id,
    )
    assert [session["session_id"] for session in answer["sessions"]] == ["shop-3", "shop-2", "shop-1"]
    assert answer["next_cursor"] is None
    first = answer["sessions"][-1]
    assert first["started_at"].startswith("2026-03-10T12:00:00")
    assert first["started_at"].endswith("Z")
    assert (first["windows"], first["batches"], first["failed_requests"], first["release"]) == (2, 3, 1, "shop-r1")


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"distinct_id": "shop-ann"}, ["1"]),
        ({"release": "shop-r1"}, ["1"]),
        ({"status": "closed"}, ["3", "2", "1"]),
        ({"status": "completed"}, ["3", "2", "1"]),
        ({"status": "active"}, []),
        ({"url": "/done"}, ["1"]),
        ({"url": "shop.test/", "from": "2026-03-11"}, ["3", "2"]),
        ({"route": "/pay"}, ["2"]),
        ({"url": "/pay", "route": "/help"}, []),
        ({"has_errors": "true"}, ["2", "1"]),
        ({"has_errors": "false"}, ["3"]),
        ({"from": "2026-03-11T00:00:00Z"}, ["3", "2"]),
        ({"to": "2026-03-11T00:00:00Z"}, ["1"]),
        ({"from": "2026-03-11T13:00:00+02:00", "to": "2026-03-11T14:00:03+02:00"}, ["2"]),
        ({"min_duration_ms": "1000"}, ["3", "1"]),
        ({"distinct_id": "' OR 1=1 --"}, []),
        ({"url": "%"}, []),
    ],
)
def test_filter_narrows_the_list(site: Site, params: dict[str, Any], found: list[str]) -> None:
    assert names(site.get("/api/replays", **params)) == [f"shop-{name}" for name in found]


def test_pages_hold_every_session_once_also_while_new_ones_come(fresh_site: Site) -> None:
    place = fresh_site.shop.workspace

    def visit(session: str, offset_ms: int) -> Any:
        received_at = RECEIVED + timedelta(milliseconds=offset_ms)
        where: dict[str, Any] = {"session": session, "environment": place.environment_id}
        row = post([meta(offset_ms)], received_at=received_at, sentAt=at(offset_ms), **where)
        return row._replace(project_id=place.project_id)

    # Three that began in the same instant, which only their ids tell apart.
    take_in(fresh_site.home, [visit(f"s{number}", -1_000 * (number // 3)) for number in range(9)])
    first = fresh_site.get("/api/replays", limit=4)
    take_in(fresh_site.home, [visit("later", 5_000)])
    seen, cursor = names(first), first.json()["next_cursor"]
    while cursor:
        page = fresh_site.get("/api/replays", limit=4, cursor=cursor)
        seen += names(page)
        cursor = page.json()["next_cursor"]
    assert sorted(seen) == [f"s{number}" for number in range(9)]
    assert names(fresh_site.get("/api/replays", limit=1)) == ["later"]


def test_session_is_shown_with_its_windows_batches_and_signals(site: Site) -> None:
    answer = site.get(f"/api/replays/{site.shop.ids['replay_id']}").json()
    assert answer["session"]["session_id"] == "shop-1"
    assert [(window["window_id"], window["batches"], window["is_closed"]) for window in answer["windows"]] == [
        ("w1", 2, True),
        ("w0", 1, True),
    ]
    assert [(batch["window_id"], batch["sequence"], batch["event_count"]) for batch in answer["batches"]] == [
        ("w1", 0, 3),
        ("w1", 1, 4),
        ("w0", 0, 2),
    ]
    assert {"commit_no", "content_hash", "segment"}.isdisjoint(answer["batches"][0])
    [failed] = [signal for signal in answer["signals"] if signal["detector"] == "network_5xx"]
    assert failed["evidence"]["expected"]


def test_events_come_in_order_of_windows_and_sequence_page_by_page(site: Site) -> None:
    path = f"/api/replays/{site.shop.ids['replay_id']}"
    whole = site.get(path).json()
    times = [event["timestamp"] for event in whole["events"]]
    assert times == [at(offset) for offset in (0, 200, 400, 600, 601, 602, 603, 2_000, 2_100)]
    assert whole["events"][2]["data"]["plugin"] == "retrace/network@1"
    assert whole["next_events_cursor"] is None

    events, spans, cursor = [], [], None
    for _ in range(5):
        page = site.get(path, limit=2, events_cursor=cursor).json()
        assert sum(span["count"] for span in page["event_spans"]) == len(page["events"])
        events += page["events"]
        spans += [tuple(span.values()) for span in page["event_spans"]]
        cursor = page["next_events_cursor"]
    assert (events, cursor) == (whole["events"], None)
    assert spans[:3] == [("w1", 0, 0, 2), ("w1", 0, 2, 1), ("w1", 1, 0, 1)]
    only = site.get(path, window_id="w0").json()
    assert [event["timestamp"] for event in only["events"]] == times[-2:]


def test_nothing_is_made_or_missing_where_nothing_was_recorded(fresh_site: Site) -> None:
    for path, name in (
        ("replays", "sessions"),
        ("issues", "issues"),
        ("incidents", "incidents"),
        ("signals", "signals"),
    ):
        answer = fresh_site.get(f"/api/{path}")
        assert (answer.status_code, answer.json()[name], answer.json()["next_cursor"]) == (200, [], None)
    assert fresh_site.get("/api/replays/rpl_none").json()["error"] == "replay_not_found"
    assert fresh_site.ask("GET", "/api/metrics", fresh_site.shop.token).json()["api"]["replay_sessions"] == 0
    assert not (fresh_site.home / "lake").exists()


def test_waiting_batches_are_counted_for_their_project(fresh_site: Site) -> None:
    land(fresh_site.home, list(visits(fresh_site.bank.workspace, "bank")))
    waiting = [
        fresh_site.ask("GET", "/api/metrics", project.token).json()["replay_processing"]["queue_depth"]
        for project in (fresh_site.shop, fresh_site.bank)
    ]
    assert waiting == [0, 5]
