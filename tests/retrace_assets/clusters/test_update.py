"""Clusters count a fingerprint's signals of a day, and only those that changed."""

from datetime import timedelta

from retrace_assets.clusters.update import rebuild, update
from retrace_assets.signals.detectors import DETECTORS
from retrace_assets.signals.update import update as update_signals
from retrace_resources.changes import read_changes
from retrace_resources.lake import Lake
from tests.retrace_assets.signals.recordings import START, click, exception, record, record_all, request, rows

NEXT_DAY = START + timedelta(days=1)


def count(lake: Lake) -> None:
    update_signals(lake, list(DETECTORS.values()))
    update(lake)


def test_cluster_counts_sessions_and_users_of_a_day(lake: Lake) -> None:
    failing = [request(500), request(900)]
    users = {"s1": "ann", "s2": "ann", "s3": "bob", "s4": None, "s5": ""}
    record_all(lake, dict.fromkeys(users, failing), users=users, release="r1")
    record(lake, "s6", failing, start=NEXT_DAY, user="ann", release="r2")
    count(lake)

    first, second = rows(lake, "clusters")
    # Ann, Bob, and the two sessions without a name.
    assert (first["signals"], first["sessions"], first["users"]) == (5, 5, 4)
    assert (second["sessions"], second["users"], second["day"]) == (1, 1, NEXT_DAY.date())
    assert (first["first_release"], second["last_release"]) == ("r1", "r2")
    assert first["first_at"] == first["last_at"] == START + timedelta(milliseconds=500)
    assert first["title"] == rows(lake, "signals")[0]["message"]

    before, snapshot = rows(lake, "clusters"), lake.snapshot_id()
    update(lake)
    assert lake.snapshot_id() == snapshot
    rebuild(lake, START.date())
    rebuild(lake, NEXT_DAY.date())
    assert rows(lake, "clusters") == before


def test_cluster_of_a_cause_and_its_consequences_is_told_by_the_cause(lake: Lake) -> None:
    tries = [event for at in range(1_000, 2_000, 250) for event in (click(at), request(at + 40), exception(at + 45))]
    record(lake, "s1", tries)
    count(lake)

    (cluster,) = rows(lake, "clusters")
    assert cluster["detector"] == "network_5xx"
    assert cluster["detectors"] == ["console_error", "network_5xx", "rage_click"]
    assert (cluster["signals"], cluster["sessions"], cluster["severity"], cluster["confidence"]) == (
        3,
        1,
        "high",
        "high",
    )
    causes = [signal["signal_id"] for signal in rows(lake, "signals") if signal["cause"] is None]
    assert [cluster["signal_id"]] == causes


def test_cluster_goes_when_its_last_signal_goes(lake: Lake) -> None:
    record(lake, "s1", [request(500)])
    count(lake)
    (before,) = rows(lake, "clusters")
    with lake.transaction() as transaction:
        transaction.execute("DELETE FROM changes WHERE source = 'clusters'")

    record(lake, "s1", [request(500, status=503)])
    count(lake)
    (left,) = (cluster["fingerprint"] for cluster in rows(lake, "clusters"))
    assert before["fingerprint"] != left
    told = read_changes(lake, "test", "clusters").rows
    assert set(told["key"]) == {before["fingerprint"], left}
    assert set(told["day"]) == {START.date()}
