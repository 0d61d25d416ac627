"""What comes from a user's page is private: of every secret sent to the door nothing is left under the home."""

import gzip
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import brotli
import polars as pl
import pytest
import zstandard

from retrace_app.actions.pipeline import process_pending
from retrace_assets.replays.update import STAGE as REPLAYS_STAGE
from retrace_core.tables import REPLAY_EVENTS
from retrace_resources.lake import Lake
from retrace_resources.lake_maintenance import maintain
from retrace_resources.landing import Landing
from retrace_resources.settings import Settings, load_settings
from tests.reliability.doors import running_door
from tests.reliability.secrets_sent import encoded, planted
from tests.reliability.stores import everything_written

pytestmark = pytest.mark.slow

LEAST = 200
ENCODINGS = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A home to which every secret was sent, processed as users do it, and maintained."""
    home = tmp_path_factory.mktemp("secrets") / "home"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RETRACE_HOME", str(home))
        environment.delenv("DAGSTER_HOME", raising=False)
        used = load_settings()
        assert used.home == home
        _send_all(home)
        process_pending(used)
        with Lake(home) as lake:
            maintain(lake, datetime.now(UTC).replace(tzinfo=None), {REPLAYS_STAGE: REPLAY_EVENTS.name})
        yield used


def _send_all(home: Path) -> None:
    """Send each secret in a session of its own, by turns in every encoding and escaped; some again, as conflicts."""
    with running_door(home) as door:
        for number, (sent, encoding) in enumerate(zip(planted(), cycle(ENCODINGS))):
            identity = {"sessionId": f"session-{number}", "windowId": "w", "sequence": 0}
            # First something harmless, so that the secret's own batch is refused as a conflict.
            if number % 3 == 0:
                assert door.post(door.batch(f"session-{number}", windowId="w")).status_code == 202
            body = encoded({**identity, **sent.post}, escaped=number % 4 == 1)
            answer = door.post(content=ENCODINGS[encoding](body), content_encoding=encoding)
            assert answer.status_code == 202, f"{sent.name}: {answer.text}"


def test_enough_secrets_of_enough_kinds_are_planted_each_of_them_once() -> None:
    marks = [mark for sent in planted() for mark in set(sent.secret.marks)]
    assert len(list(planted())) >= LEAST
    assert len(marks) == len(set(marks))


def test_no_secret_is_left_in_any_byte_under_the_home(settings: Settings) -> None:
    sought = {mark: sent.name for sent in planted() for mark in sent.secret.marks}
    stores = pl.DataFrame(list(everything_written(settings.home)), schema=["where", "text"], orient="row")
    found = stores.select("where", mark=pl.col("text").str.extract_many([*sought])).explode("mark").drop_nulls()
    leaks = sorted({f"{sought[mark]}: in {where}" for where, mark in found.rows()})
    assert Landing(settings.home).pending() == []
    assert leaks == [], f"{len(leaks)} places:\n" + "\n".join(leaks)


def test_what_was_sent_did_reach_every_store_that_was_searched(settings: Settings) -> None:
    stores = {where.partition(":")[0].rsplit(".", 1)[-1] for where, _ in everything_written(settings.home)}
    with Lake(settings.home) as lake:
        reasons = set(lake.query("SELECT DISTINCT reason FROM rejected")["reason"])
        taken_in = lake.query("SELECT count(*) FROM replay_batches").item()
        searched = lake.query("SELECT count(*) FROM rejected WHERE payload LIKE '%[%'").item()
    assert {"lake", "db", "sqlite", "parquet"} <= stores
    assert reasons >= {"sequence_conflict", "invalid_event"}
    assert taken_in > LEAST
    assert searched > 0
