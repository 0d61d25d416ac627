"""Whatever a page sends: a documented 4xx, a row in `rejected`, or it is kept. Never a 5xx, never a run that fails.

The tables below are the documentation. All posts go through one real door and one lake, together with a good session
that must come out as if nothing had happened.
"""

import gzip
import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import brotli
import httpx
import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrace_assets.clusters import update as clusters
from retrace_assets.incidents import update as incidents
from retrace_assets.intake.update import drain
from retrace_assets.issues import update as issues
from retrace_assets.replays import update as replays
from retrace_assets.signals import update as signals
from retrace_assets.signals.detectors import enabled_detectors
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from retrace_resources.state import StateStore
from tests.landing_rows import click, land, meta, plugin, post
from tests.reliability.doors import running_door

pytestmark = pytest.mark.slow

NOW = int(time.time() * 1000)
YEAR = 365 * 86_400_000
MIB = 2**20
COMPRESS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def _event(**more: Any) -> dict[str, Any]:
    return {"type": 3, "timestamp": NOW, "data": {"source": 2, "type": 2, "id": 5, "x": 1, "y": 1}, **more}


def _batch(events: object, **more: Any) -> bytes:
    return json.dumps({"sessionId": "refused", "sequence": 0, "events": events, **more}).encode()


def _plugin(name: str, payload: object) -> dict[str, Any]:
    return {"type": 6, "timestamp": NOW, "data": {"plugin": name, "payload": payload}}


# What the door refuses: body, encoding, answer.
REFUSED: dict[str, tuple[bytes, str, str]] = {
    "an empty body": (b"", "", "400 invalid_json"),
    "no JSON": (b"{oops", "", "400 invalid_json"),
    "JSON that ends early": (_batch([_event()])[:-9], "", "400 invalid_json"),
    "a list instead of an object": (b"[]", "", "400 invalid_payload"),
    "null": (b"null", "", "400 invalid_payload"),
    "an object without anything": (b"{}", "", "400 invalid_payload"),
    "bytes that are not UTF-8": (_batch([]).replace(b"refused", b"\xff\xfe"), "", "400 invalid_json"),
    "arrays nested 100,000 deep": (
        _batch([]).replace(b"[]", b"[" * 100_000 + b"]" * 100_000),
        "",
        "400 invalid_events",
    ),
    "an event nested 100,000 deep": (
        _batch([]).replace(b"[]", b'[{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}]"),
        "",
        "400 invalid_json",
    ),
    "no session": (_batch([], sessionId=""), "", "400 missing_session_id"),
    "a session that is a number": (_batch([], sessionId=7), "", "400 invalid_session_id"),
    "a session of 201 characters": (_batch([], sessionId="x" * 201), "", "400 invalid_session_id"),
    "a session with NUL": (_batch([], sessionId="a\0b"), "", "400 invalid_session_id"),
    "a window with a line end": (_batch([], windowId="a\nb"), "", "400 invalid_window_id"),
    "a sequence below zero": (_batch([], sequence=-1), "", "400 invalid_sequence"),
    "a sequence of 2^63": (_batch([], sequence=2**63), "", "400 invalid_sequence"),
    "a sequence that is no number": (_batch([], sequence="two"), "", "400 invalid_sequence"),
    "a sequence of 1e400": (_batch([]).replace(b'"sequence": 0', b'"sequence": 1e400'), "", "400 invalid_sequence"),
    "a post without events": (b'{"sessionId":"refused","sequence":0}', "", "400 invalid_events"),
    "events that are an object": (_batch({}), "", "400 invalid_events"),
    "events that are numbers": (_batch([1, 2]), "", "400 invalid_events"),
    "a body over 5 MiB": (_batch([], padding="x" * (5 * MIB)), "", "413 body_too_large"),
    "an unknown encoding": (_batch([]), "compress", "415 unsupported_encoding"),
    **{
        f"a bomb in {name}": (compress(b" " * (6 * MIB)), name, "413 body_too_large")
        for name, compress in COMPRESS.items()
    },
    **{
        f"{name} that ends early": (compress(_batch([_event()]))[:-8], name, f"400 invalid_{name}")
        for name, compress in COMPRESS.items()
    },
    **{f"plain bytes called {name}": (b"\x07" * 40, name, f"400 invalid_{name}") for name in COMPRESS},
}


@dataclass(frozen=True)
class Taken:
    """A post that is accepted: its events, what else it says, how many events are kept and why others are refused."""

    events: list[Any]
    kept: int
    reasons: tuple[str, ...] = ()
    envelope: dict[str, Any] | None = None
    raw: tuple[bytes, bytes] = (b"", b"")


SQL = "'; DROP TABLE replays; --"
ODD_TEXTS = {
    "SQL": SQL,
    "a path": "../../../etc/passwd",
    "percent signs and quotes": "%_\"'`${x}{{y}}",
    "an emoji and right-to-left": "\U0001f600 \u202e abc",
    "200 characters": "x" * 200,
}
HUGE = "m" * MIB
DEEP = json.loads("[" * 500 + "]" * 500)

# What is accepted; the label is the session's id.
TAKEN: dict[str, Taken] = {
    "no events": Taken([], 0),
    "an event that is empty": Taken([{}], 0, ("invalid_event",)),
    "an event without a type": Taken([{"timestamp": NOW}, _event()], 1, ("invalid_event",)),
    "a type that is text": Taken([_event(type="3"), _event()], 1, ("invalid_event",)),
    "a time that is text": Taken([_event(timestamp="now"), _event()], 1, ("invalid_event",)),
    "a time of 2^63": Taken([_event(timestamp=2**63), _event()], 1, ("invalid_event",)),
    "a time below zero": Taken([_event(timestamp=-1), _event()], 1, ("invalid_event",)),
    "a time of 1e400": Taken([_event(timestamp="BIG"), _event()], 1, ("invalid_event",), raw=(b'"BIG"', b"1e400")),
    "a time of a hundred digits": Taken([_event(timestamp=10**100), _event()], 1, ("invalid_event",)),
    "an event over 8 days from the others": Taken(
        [_event(timestamp=NOW - 9 * 86_400_000), _event()], 1, ("invalid_event",)
    ),
    "a clock a year behind": Taken([_event(timestamp=NOW - YEAR)], 1, envelope={"sentAt": NOW - YEAR}),
    "a clock a year ahead": Taken([_event(timestamp=NOW + YEAR)], 1, envelope={"sentAt": NOW + YEAR}),
    "a clock a year ahead that is not told": Taken([_event(timestamp=NOW + YEAR)], 1),
    "a year that is not told": Taken([_event(timestamp=NOW - YEAR)], 1),
    "a session that ended a year ago": Taken(
        [_event(timestamp=NOW - YEAR)], 0, ("session_too_old",), envelope={"sentAt": NOW}
    ),
    "a type of 2^63": Taken([_event(type=2**63)], 1),
    "a type nobody knows": Taken([_event(type=77)], 1),
    "data that is text": Taken([_event(data="x")], 1),
    "data that is a list": Taken([_event(data=[1])], 1),
    "a node of 2^70": Taken([_event(data={"source": 2, "type": 2, "id": 2**70})], 1),
    "a click at 1e308": Taken([_event(data={"source": 2, "type": 2, "id": 1, "x": 1e308, "y": -1e308})], 1),
    "a click at 1e400": Taken(
        [_event(data={"source": 2, "type": 2, "id": 1, "x": "BIG"})], 1, raw=(b'"BIG"', b"1e400")
    ),
    "a mutation without a snapshot": Taken([_event(data={"source": 0, "removes": [{"id": 9, "parentId": 8}]})], 1),
    "mutations of unknown shape": Taken(
        [
            _event(data={"source": 0, "adds": [1, None, {"node": None}], "texts": [{"id": []}], "attributes": [{}]}),
            _event(),
        ],
        2,
    ),
    "a snapshot without a node": Taken([_event(type=2, data={}), _event()], 2),
    "a snapshot nested 500 deep": Taken([_event(type=2, data={"node": DEEP}), _event()], 2),
    "a request that took 400 digits of ms": Taken(
        [_plugin("retrace/network@1", {"url": "/", "status": 2**80, "durationMs": 10**400})], 1
    ),
    "a request between 400 digits": Taken(
        [_plugin("rrweb/network@1", {"requests": [{"startTime": -(10**400), "endTime": 10**400}, 5, None]})], 1
    ),
    "a payload that is text": Taken([_plugin("retrace/exception@1", "boom"), _plugin("retrace/click@1", 5)], 2),
    "an exception of wrong types": Taken([_plugin("retrace/exception@1", {"message": [], "stack": 5, "trace": 1})], 1),
    "a target of wrong types": Taken(
        [_plugin("retrace/click@1", {"nodeId": {"a": 1}, "target": {"tagName": 5, "interactive": "yes"}}), _event()], 2
    ),
    "NUL in every text": Taken(
        [_plugin("retrace/exception@1", {"message": "a\0b", "stack": "\0", "url": "\0"})],
        1,
        envelope={"distinctId": "a\0b", "release": "\0", "metadata": {"\0": "\0"}},
    ),
    "half of an emoji": Taken(
        [_plugin("retrace/exception@1", {"message": "cut \ud83d"})],
        1,
        envelope={"distinctId": "\udc00", "release": "\ud83d"},
    ),
    "metadata with 2^70": Taken([_event()], 1, envelope={"metadata": {"big": 2**70, "bigger": 10**100}}),
    "metadata with 1e400": Taken(
        [_event()], 0, ("unreadable_batch",), envelope={"metadata": {"big": "BIG"}}, raw=(b'"BIG"', b"1e400")
    ),
    "metadata nested 500 deep": Taken([_event()], 1, envelope={"metadata": {"deep": DEEP}}),
    "an envelope of wrong types": Taken(
        [_event()],
        1,
        envelope={"sentAt": "x", "sdk": [], "release": 5, "distinctId": {}, "metadata": [], "flushType": 7},
    ),
    "a message, a URL and a name of a megabyte": Taken(
        [
            _plugin("retrace/exception@1", {"message": HUGE, "stack": "s", "url": "https://shop.test/"}),
            _plugin("retrace/network@1", {"url": "/" + HUGE, "status": 500}),
            _plugin("retrace/click@1", {"nodeId": 5, "target": {"tagName": "a", "css": HUGE, "text": "t"}}),
        ],
        3,
    ),
    "ten thousand events": Taken([_event(timestamp=NOW + number) for number in range(10_000)], 10_000),
    **{f"{label} as session": Taken([_event()], 1, envelope={"sessionId": text}) for label, text in ODD_TEXTS.items()},
    **{
        f"{label} as window, user and release": Taken(
            [_event()], 1, envelope={"windowId": text, "distinctId": text, "release": text}
        )
        for label, text in ODD_TEXTS.items()
    },
}

GOOD = "the good session"


@dataclass
class Result:
    """What became of all posts: the door's answers, and what the lake holds."""

    answers: dict[str, httpx.Response]
    batches: pl.DataFrame
    rejected: pl.DataFrame
    replays: pl.DataFrame


def _stages(lake: Lake, home: Path) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    drain(lake, Landing(home))
    replays.update(lake, now)
    signals.update(lake, enabled_detectors({}))
    clusters.update(lake)
    with StateStore.open(home) as state:
        issues.update(lake, state)
        incidents.update(lake, state)


def _good_post(sequence: int) -> dict[str, Any]:
    failure = {
        "kind": "error",
        "message": "Cannot pay",
        "stack": "Error: Cannot pay\n at pay (https://shop.test/a.js:1:1)",
    }
    page = {"type": 4, "timestamp": NOW + 10 * sequence, "data": {"href": "https://shop.test/pay"}}
    events = [page, _plugin("retrace/exception@1", {**failure, "url": "https://shop.test/pay"}), _event()]
    return {"sessionId": GOOD, "windowId": "w", "sequence": sequence, "events": events}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Result]:
    """Send everything, the good session's batches between, and run all stages once."""
    home = tmp_path_factory.mktemp("bad") / "home"
    with running_door(home) as door:
        answers = {"good 0": door.post(_good_post(0))}
        for label, (body, encoding, _) in REFUSED.items():
            answers[label] = door.post(content=body, content_encoding=encoding)
        for label, taken in TAKEN.items():
            answers[label] = door.post(content=_taken_body(label, taken))
        for label, batch in _sequences().items():
            answers[label] = door.post(batch)
        answers["good 1"] = door.post(_good_post(1))
    with Lake(home) as lake:
        _stages(lake, home)
        yield Result(
            answers,
            *(lake.query(f"FROM {table}") for table in ("replay_batches", "rejected", "replays")),
        )
    assert Landing(home).pending() == []


def _taken_body(label: str, taken: Taken) -> bytes:
    document = {"sessionId": label, "sequence": 0, "events": taken.events, **(taken.envelope or {})}
    return json.dumps(document).encode().replace(*taken.raw) if taken.raw[0] else json.dumps(document).encode()


def _sequences() -> dict[str, dict[str, Any]]:
    """Batches in an order no recorder would choose: late, twice, in conflict, after the end."""
    orders = {
        "reordered": [(2, ""), (0, ""), (1, "")],
        "twice": [(0, ""), (0, "")],
        "conflict": [(0, ""), (0, "other")],
        "after final": [(0, "final"), (1, "")],
        "gap": [(0, ""), (2_147_483_647, "")],
    }
    return {
        f"{session} {number}": {
            "sessionId": session,
            "sequence": sequence,
            "events": [_event(), {**_event(), "note": more}],
            **({"flushType": "final"} if more == "final" else {}),
        }
        for session, order in orders.items()
        for number, (sequence, more) in enumerate(order)
    }


@pytest.mark.parametrize("label", REFUSED)
def test_the_door_refuses(result: Result, label: str) -> None:
    answer = result.answers[label]
    assert f"{answer.status_code} {answer.json()['error']}" == REFUSED[label][2]


@pytest.mark.parametrize("label", TAKEN)
def test_what_is_accepted_is_kept_or_rejected(result: Result, label: str) -> None:
    taken = TAKEN[label]
    session = (taken.envelope or {}).get("sessionId", label).strip()
    kept = result.batches.filter(session_id=session)["event_count"].sum()
    reasons = sorted(result.rejected.filter(session_id=session)["reason"])
    assert result.answers[label].status_code == 202
    assert (kept, reasons) == (taken.kept, sorted(taken.reasons))


@pytest.mark.parametrize(
    ("session", "sequences", "reasons"),
    [
        ("reordered", [0, 1, 2], []),
        ("twice", [0], []),
        ("conflict", [0], ["sequence_conflict"]),
        ("after final", [0, 1], []),
        ("gap", [0, 2_147_483_647], []),
    ],
)
def test_batches_in_any_order_are_each_kept_once(
    result: Result, session: str, sequences: list[int], reasons: list[str]
) -> None:
    assert sorted(result.batches.filter(session_id=session)["sequence"]) == sequences
    assert result.rejected.filter(session_id=session)["reason"].to_list() == reasons
    assert result.replays.filter(session_id=session).height == 1


def test_nobody_gets_a_5xx(result: Result) -> None:
    assert {label: answer.status_code for label, answer in result.answers.items() if answer.status_code >= 500} == {}


def test_the_good_session_beside_them_is_intact(result: Result) -> None:
    [replay] = result.replays.filter(session_id=GOOD).to_dicts()
    refused = result.rejected.filter(session_id=GOOD)
    assert (replay["batches"], replay["events"], replay["errors"], replay["sequence_gaps"]) == (2, 6, 2, 0)
    assert refused.is_empty()


NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.just(10**400), st.just(2**63))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["id", "node", "x", "text", "target", "y"]), inner)
    ),
    max_leaves=8,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.integers(0, 7), VALUES),
        "timestamp": st.one_of(st.integers(-10_000, 10_000).map(lambda offset: click(offset, 1)["timestamp"]), VALUES),
        "data": st.one_of(
            VALUES,
            st.fixed_dictionaries(
                {"source": st.integers(-1, 17)},
                optional=dict.fromkeys(["type", "id", "adds", "removes", "texts", "attributes", "href", "x"], VALUES),
            ),
            st.fixed_dictionaries(
                {
                    "plugin": st.sampled_from(
                        ["retrace/click@1", "retrace/network@1", "retrace/exception@1", "rrweb/console@1"]
                    ),
                    "payload": st.one_of(
                        VALUES,
                        st.dictionaries(
                            st.sampled_from(
                                [
                                    "url",
                                    "method",
                                    "status",
                                    "durationMs",
                                    "message",
                                    "stack",
                                    "target",
                                    "nodeId",
                                    "payload",
                                    "level",
                                    "trace",
                                    "requests",
                                    "error",
                                    "startTime",
                                    "endTime",
                                ]
                            ),
                            VALUES,
                        ),
                    ),
                }
            ),
        ),
    },
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Lake]]:
    """One lake for all examples."""
    home = tmp_path_factory.mktemp("any") / "home"
    home.mkdir()
    with Lake(home) as lake:
        yield home, lake


@given(recordings=st.lists(st.lists(EVENTS, max_size=6), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_list_of_events_stops_the_pipeline(shared: tuple[Path, Lake], recordings: list[list[Any]]) -> None:
    home, lake = shared
    before = lake.query("SELECT count(DISTINCT segment) FROM segments").item()
    session = f"example-{before}"
    good = [meta(0), plugin(5, "retrace/network@1", {"url": "/api", "status": 500})]
    land(home, [post(events, session=f"{session}-{number}") for number, events in enumerate(recordings)])
    land(home, [post(good, session=session)])
    _stages(lake, home)
    assert lake.query("SELECT count(DISTINCT segment) FROM segments").item() == before + 2
    assert lake.query("SELECT events FROM replays WHERE session_id = ?", [session]).item() == len(good)
