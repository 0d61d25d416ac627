"""The checks between the door and the facts, on a real landing and lake."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from retrace_assets.intake.checks import OLDEST_MAY_WAIT, no_segment_waits_long, nothing_landed_is_missing
from retrace_assets.intake.update import drain
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from tests.landing_rows import land, meta, post

NOW = datetime.now(UTC).replace(tzinfo=None)


def landed(home: Path) -> None:
    """Land two batches of now."""
    events = [meta(0) | {"timestamp": time.time() * 1000 + number} for number in range(3)]
    land(home, [post(events, received_at=NOW), post(events, sequence=1, received_at=NOW)])


def waiting(home: Path, age: timedelta) -> bool:
    """Whether the check passes when the oldest segment was opened so long ago."""
    landed(home)
    (segment,) = Landing(home).pending()
    opened = int((time.time() - age.total_seconds()) * 1e9)
    segment.path.rename(segment.path.with_name(f"{opened:020d}-1-0.arrow"))
    result = no_segment_waits_long(landing=Landing(home))
    assert isinstance(result, dg.AssetCheckResult)
    return result.passed


def test_no_segment_is_no_wait(home: Path) -> None:
    result = no_segment_waits_long(landing=Landing(home))

    assert isinstance(result, dg.AssetCheckResult)
    assert result.passed


def test_a_segment_may_wait_a_while(home: Path) -> None:
    assert waiting(home, OLDEST_MAY_WAIT - timedelta(seconds=20))


def test_a_segment_that_waits_longer_turns_the_check_red(home: Path) -> None:
    assert not waiting(home, OLDEST_MAY_WAIT + timedelta(seconds=1))


def test_what_was_taken_in_whole_is_not_missing(home: Path, lake: Lake) -> None:
    landed(home)
    drain(lake, Landing(home))

    result = nothing_landed_is_missing(lake=lake)

    assert isinstance(result, dg.AssetCheckResult)
    assert result.passed


@pytest.mark.parametrize("table", ["replay_payloads", "replay_events"])
def test_a_row_that_is_gone_turns_the_check_red(home: Path, lake: Lake, table: str) -> None:
    landed(home)
    drain(lake, Landing(home))
    with lake.transaction() as transaction:
        transaction.execute(f"DELETE FROM {table} WHERE sequence = 1")

    result = nothing_landed_is_missing(lake=lake)

    assert isinstance(result, dg.AssetCheckResult)
    assert not result.passed
    assert result.metadata["days that differ"].value == 1
