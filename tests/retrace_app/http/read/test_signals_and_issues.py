"""Signals and issues over HTTP: filters, order and evidence."""

from typing import Any

from tests.retrace_app.http.read.conftest import Site


def signals(site: Site, **params: Any) -> list[dict[str, Any]]:
    answer = site.get("/api/signals", **params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["signals"]
    return found


def test_signals_are_listed_latest_first_and_narrowed_by_each_filter(site: Site) -> None:
    every = signals(site)
    times = [signal["occurred_at"] for signal in every]
    assert times == sorted(times, reverse=True)
    assert {signal["session_id"] for signal in every} == {"shop-1", "shop-2"}
    failed = signals(site, detector="network_5xx")
    assert [signal["session_id"] for signal in failed] == ["shop-1"]
    of_first = signals(site, session="shop-1")
    assert of_first == signals(site, session=site.shop.ids["replay_id"])
    assert {signal["session_id"] for signal in of_first} == {"shop-1"}
    assert signals(site, **{"from": "2026-03-11"}) == [one for one in every if one["session_id"] == "shop-2"]
    for one in every:
        assert one in signals(site, fingerprint=one["fingerprint"])
    for unknown in ({"session": "rpl_none"}, {"incident": "INC-NOSUCH"}, {"session": "x"}, {"detector": "x"}):
        assert signals(site, **unknown) == []


def test_signals_of_an_incident_are_those_of_its_bug(site: Site) -> None:
    for incident in site.get("/api/incidents").json()["incidents"]:
        found = signals(site, incident=incident["public_id"])
        assert found
        assert {signal["fingerprint"] for signal in found} == {incident["fingerprint"]}
        assert found == signals(site, incident=incident["issue_ids"][0])


def test_signals_pages_hold_every_signal_once(site: Site) -> None:
    seen, cursor = [], None
    while True:
        page = site.get("/api/signals", limit=1, cursor=cursor).json()
        seen += page["signals"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == signals(site)


def test_issue_is_shown_with_evidence_that_lists_leave_out(site: Site) -> None:
    listed = site.get("/api/issues").json()["issues"]
    assert {"evidence", "steps"}.isdisjoint(listed[0])
    shown = site.get(f"/api/issues/{listed[0]['issue_id']}").json()["issue"]
    assert shown.items() >= listed[0].items()
    assert shown["evidence"]["representative"]["counterfactual"]
    assert shown["steps"][0]["action"] == "navigate"


def test_issues_and_incidents_are_narrowed_by_status_severity_and_time(site: Site) -> None:
    for path, name in (("/api/issues", "issues"), ("/api/incidents", "incidents")):
        every = site.get(path).json()[name]
        assert site.get(path, status=["open", "ignored"]).json()[name] == every
        assert site.get(path, status="ignored").json()[name] == []
        for severity in ("critical", "high", "medium", "low"):
            wanted = [one for one in every if one["severity"] == severity]
            assert site.get(path, severity=severity).json()[name] == wanted
    every = site.get("/api/issues").json()["issues"]
    since: dict[str, Any] = {"from": "2026-03-11"}
    later = site.get("/api/issues", **since).json()["issues"]
    assert later == [issue for issue in every if issue["last_at"] > "2026-03-11"]
    assert 0 < len(later) < len(every)
    assert site.get("/api/issues", detector="network_5xx").json()["issues"] == [
        issue for issue in every if "network_5xx" in issue["detectors"]
    ]


def test_queue_pages_keep_its_order(site: Site) -> None:
    whole = [incident["public_id"] for incident in site.get("/api/incidents").json()["incidents"]]
    seen, cursor = [], None
    for _ in whole:
        page = site.get("/api/incidents", limit=1, cursor=cursor).json()
        seen += [incident["public_id"] for incident in page["incidents"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (whole, None)
