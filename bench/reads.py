"""How fast questions are answered: each list of the read API with 10,000 sessions and a million events stored.

Stores sessions and copies of them over several days, starts a real door, and asks through its port, one question after
the other, each list from its first page and from a later one, with and without filters.

    python -m bench.reads [--copies 100] [--questions 60]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from bench.door import running_door
from bench.figures import Figure, print_figures
from bench.road import READERS, land, take_road, utc_now
from bench.sessions import session
from retrace_core.tables import (
    INCIDENTS,
    ISSUES,
    REPLAY_BATCHES,
    REPLAY_EVENTS,
    REPLAY_PAYLOADS,
    REPLAYS,
    SIGNALS,
    TABLES,
)
from retrace_resources.lake import Lake
from retrace_resources.lake_maintenance import maintain
from retrace_resources.landing import Landing
from retrace_resources.state import StateStore, Workspace

TARGET_P95_MS: Final = 50.0

SESSIONS: Final = 100
EVENTS_A_SESSION: Final = 100
"""Of each session the first; with a hundred copies they are a million."""

_LISTS: Final = frozenset({"/api/replays", "/api/issues", "/api/incidents", "/api/signals"})
_DAYS: Final = 7
_WARM_UP: Final = 3
_COPIES_A_COMMIT: Final = 25


def store(home: Path, workspace: Workspace, copies: int) -> None:
    """Store sessions and copies of their rows over a week, as if that workspace had sent them; then tidy up."""
    start_ms = int(time.time() * 1000) - 200_000
    land(home, (post for number in range(SESSIONS) for post in session(number, start_ms)))
    with Lake(home) as lake, StateStore.open(home) as state:
        take_road(lake, Landing(home), state)
        with lake.transaction() as transaction:
            for table in TABLES.values():
                if "environment_id" in table.column_names:
                    transaction.execute(
                        f"UPDATE {table.name} SET project_id = ?, environment_id = ?",
                        [workspace.project_id, workspace.environment_id],
                    )
            transaction.execute(
                "DELETE FROM replay_events WHERE (session_id, sequence, event_index) NOT IN (SELECT (session_id, "
                "sequence, event_index) FROM replay_events QUALIFY row_number() OVER "
                f"(PARTITION BY session_id ORDER BY occurred_at) <= {EVENTS_A_SESSION})"
            )
        for first in range(1, copies, _COPIES_A_COMMIT):
            _copy(lake, range(first, min(first + _COPIES_A_COMMIT, copies)), copies)
        maintain(lake, utc_now(), READERS)


def _copy(lake: Lake, numbers: range, copies: int) -> None:
    moved = f"copy.number * INTERVAL '{_DAYS * 86_400 / copies} seconds'"
    names = ("session_id", "replay_id", "signal_id", "issue_id", "incident_id", "distinct_id")
    times = ("started_at", "occurred_at", "last_at", "last_seen_at")
    changed = {
        **{name: f"{name} || '-' || copy.number" for name in names},
        **{name: f"{name} - {moved}" for name in times},
        "day": f"(started_at - {moved})::DATE",
    }
    with lake.transaction() as transaction:
        for table in (REPLAY_BATCHES, REPLAY_PAYLOADS, REPLAY_EVENTS, REPLAYS, SIGNALS, ISSUES, INCIDENTS):
            columns = [changed.get(column.name, column.name) for column in table.columns]
            transaction.execute(
                f"INSERT INTO {table.name} SELECT {', '.join(columns)} FROM {table.name}, "
                f"range({numbers.start}, {numbers.stop}) AS copy(number) WHERE {_original(table.column_names)}"
            )


def _original(columns: tuple[str, ...]) -> str:
    """Which rows are no copies: a copied name has one more part."""
    if "session_id" in columns:
        return "session_id NOT LIKE '%-%-%-%'"
    return "incident_id NOT LIKE '%-%-%'"


def questions(client: httpx.Client, environment_id: str) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """The questions that are asked: a name, a path and its parameters."""
    here = {"environment_id": environment_id}
    first: dict[str, dict[str, Any]] = {}
    for name in ("replays", "issues", "incidents", "signals"):
        path = f"/api/{name}"
        rows = "sessions" if name == "replays" else name
        first[name] = client.get(path, params=here).raise_for_status().json()[rows][-1]
        yield f"{name}, first page", path, here
        cursor = client.get(path, params={**here, "limit": "400"}).raise_for_status().json()["next_cursor"]
        yield f"{name}, behind 400", path, {**here, "cursor": cursor}
    replay, signal, issue = first["replays"], first["signals"], first["issues"]
    page = urlsplit(replay["first_url"]).path
    day = {"from": replay["started_at"][:10]}
    filters: dict[str, list[tuple[str, dict[str, str]]]] = {
        "replays": [
            ("of one user", {"distinct_id": replay["distinct_id"] or "user-1"}),
            ("of a release", {"release": replay["release"] or "1.0.0"}),
            ("still active", {"status": "active"}),
            ("with errors", {"has_errors": "true", "min_duration_ms": "1000"}),
            ("that saw a URL in a day", {**day, "url": page}),
            ("that saw a URL", {"url": page}),
            ("that saw a URL nobody saw", {"url": "/nowhere"}),
        ],
        "issues": [
            ("open and severe", {"status": "open", "severity": issue["severity"]}),
            ("of a detector in a day", {**day, "detector": issue["detector"]}),
        ],
        "incidents": [("open and severe", {"status": "open", "severity": issue["severity"]})],
        "signals": [
            ("of a detector", {"detector": "network_5xx"}),
            ("of a fingerprint", {"fingerprint": signal["fingerprint"]}),
            ("of a day", day),
            ("of a session by its name", {"session": signal["session_id"]}),
            ("of a session", {"session": replay["replay_id"]}),
            ("of an incident", {"incident": first["incidents"]["public_id"]}),
        ],
    }
    for name, asked in filters.items():
        for what, params in asked:
            yield f"{name}, {what}", f"/api/{name}", {**here, **params}
    yield "replay, with 100 events", f"/api/replays/{replay['replay_id']}", here
    yield "metrics", "/api/metrics", here


def measure(client: httpx.Client, path: str, params: Mapping[str, str], number: int) -> list[float]:
    """Ask a question some times; milliseconds each took."""
    taken = []
    for _ in range(number + _WARM_UP):
        started = time.perf_counter()
        client.get(path, params=dict(params)).raise_for_status()
        taken.append(1_000 * (time.perf_counter() - started))
    return taken[_WARM_UP:]


def figures(copies: int, number: int) -> Iterator[Figure]:
    """Measure every question; lists have the target, the rest is told."""
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        home = Path(folder)
        with StateStore.open(home) as state:
            workspace = state.ensure_workspace("bench", "reads", "production")
            secret = state.create_service_token(workspace.project_id, "bench", ["admin"])[1]
        started = time.monotonic()
        store(home, workspace, copies)
        with Lake(home) as lake:
            [stored] = lake.query("SELECT (SELECT count(*) FROM replays), (SELECT count(*) FROM replay_events)").rows()
        print(f"stored {stored[0]:,} sessions, {stored[1]:,} events in {time.monotonic() - started:.0f} s")
        with running_door(home, 1) as (port, _), httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            client.headers["authorization"] = f"Bearer {secret}"
            client.timeout = httpx.Timeout(30)
            first = time.perf_counter()
            client.get("/openapi.json").raise_for_status()
            yield Figure("first question, which starts the reader", 1_000 * (time.perf_counter() - first), "ms")
            for name, path, params in questions(client, workspace.environment_id):
                taken = measure(client, path, params, number)
                p95 = statistics.quantiles(taken, n=20)[-1]
                yield Figure(f"{name}, p95", p95, "ms", TARGET_P95_MS if path in _LISTS else None)


def main() -> int:
    """Measure; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=100)
    parser.add_argument("--questions", type=int, default=60)
    arguments = parser.parse_args()
    return print_figures(figures(arguments.copies, arguments.questions))


if __name__ == "__main__":
    sys.exit(main())
