"""`POST /api/sdk/replay`: what is taken, what is refused and by which name."""

import gzip
import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import brotli
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrace_core.ids import batch_id, job_id
from retrace_resources.state import StateStore

if TYPE_CHECKING:
    from tests.retrace_app.http.ingest.conftest import Door

HOSTILE_NAMES = [
    "'; DROP TABLE replays; --",
    "../../../../etc/passwd",
    "C:\\windows\\..",
    "<script>alert(1)</script>",
    "%00%2e%2e%2f",
    "\u202egnp.exe",
    "\U0001f600" * 200,
    "${jndi:ldap://x}",
    "a" * 200,
]


def test_batch_is_accepted_and_its_answer_says_which_one_it_is(door: "Door") -> None:
    answer = door.post(door.batch("accepted", 4, windowId="w9"))
    environment = door.workspace.environment_id
    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": True,
        "duplicate": False,
        "session_id": "accepted",
        "sequence": 4,
        "event_count": 3,
        "batch_id": batch_id(environment, "accepted", "w9", 4),
        "processing_job_id": None,
    }


def test_batch_lands_byte_for_byte_with_what_the_key_says(door: "Door") -> None:
    body = b' {"sequence" : "7",\n "session_id":" spaced ","windowId":"w", "events":[ {"a":"\xc3\xa9"} ], "x":[1e400]} '
    assert door.post(content=body).status_code == 202
    [row] = [row for row in door.rows() if row["session_id"] == "spaced"]
    assert row.pop("received_at").year >= 2025
    assert row.pop("crc32") > 0
    assert row == {
        "project_id": door.workspace.project_id,
        "environment_id": door.workspace.environment_id,
        "key_id": door.sdk_key.id,
        "session_id": "spaced",
        "window_id": "w",
        "sequence": 7,
        "encoding": "",
        "body": body,
        "intact": True,
    }


def test_final_batch_names_the_job_of_its_session_once(door: "Door") -> None:
    job = job_id(door.workspace.environment_id, "finished")
    assert door.post(door.batch("finished", flushType="final")).json()["processing_job_id"] == job
    assert door.post(door.batch("finished", flushType="final")).json()["processing_job_id"] is None
    assert door.post(door.batch("finished", 1, flush_type="final")).json()["processing_job_id"] == job


@pytest.mark.parametrize("flush_type", ["normal", "FINAL", "", None, 3, ["final"], {"final": True}])
def test_any_other_flush_type_is_normal(door: "Door", flush_type: Any) -> None:
    answer = door.post(door.batch(f"flush {flush_type!r}", flushType=flush_type))
    assert (answer.status_code, answer.json()["processing_job_id"]) == (202, None)


@pytest.mark.parametrize("field", ["distinctId", "metadata", "sentAt", "sdk", "release"])
@pytest.mark.parametrize("value", [None, 5, "text", [1], {"a": {"b": 1}}, True, 1.5])
def test_facts_beside_the_events_are_no_reason_to_refuse_them(door: "Door", field: str, value: Any) -> None:
    assert door.post(door.batch(f"{field} {value!r}", **{field: value})).status_code == 202


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b"not json", "invalid_json"),
        (b'{"sessionId":"a"', "invalid_json"),
        (b'{"sessionId":"a"} trailing', "invalid_json"),
        (b'\xef\xbb\xbf{"sessionId":"a"}', "invalid_json"),
        (b'{"sessionId":"a","sequence":1,"events":[{"a":"\xff"}]}', "invalid_json"),
        (b'{"sessionId":"a","sequence":1,"events":[{"a":NaN}]}', "invalid_json"),
        (b'{"sessionId":"a","sequence":1,"events":[{"a":"\x00"}]}', "invalid_json"),
        (b'{"sessionId":"a","sequence":1,"x":' + b"[" * 100_000, "invalid_json"),
        (b'{"sessionId":"a","sequence":1,"metadata":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "invalid_json"),
        (b'{"sessionId":"a","sequence":1,"events":[' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "invalid_json"),
        (b"[]", "invalid_payload"),
        (b"null", "invalid_payload"),
        (b'"text"', "invalid_payload"),
        (b"7", "invalid_payload"),
        (b"{}", "invalid_payload"),
        (b'{"something":"else"}', "invalid_payload"),
        (b'{"sequence":1,"events":[]}', "missing_session_id"),
        (b'{"sessionId":"","sequence":1,"events":[]}', "missing_session_id"),
        (b'{"sessionId":" \\t\\n ","sequence":1,"events":[]}', "missing_session_id"),
        (b'{"sessionId":null,"sequence":1,"events":[]}', "missing_session_id"),
        (b'{"sessionId":5,"sequence":1,"events":[]}', "invalid_session_id"),
        (b'{"sessionId":["a"],"sequence":1,"events":[]}', "invalid_session_id"),
        (b'{"sessionId":"a\\u0000b","sequence":1,"events":[]}', "invalid_session_id"),
        (b'{"sessionId":"a\\u001fb","sequence":1,"events":[]}', "invalid_session_id"),
        (b'{"sessionId":"' + b"a" * 201 + b'","sequence":1,"events":[]}', "invalid_session_id"),
        (b'{"sessionId":"a","windowId":{},"sequence":1,"events":[]}', "invalid_window_id"),
        (b'{"sessionId":"a","windowId":"' + b"w" * 201 + b'","sequence":1,"events":[]}', "invalid_window_id"),
        (b'{"sessionId":"a","windowId":"w\\u0000","sequence":1,"events":[]}', "invalid_window_id"),
        (b'{"sessionId":"a","events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":null,"events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":-1,"events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":true,"events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":1.5,"events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":"-1","events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":"1_0","events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":"\xd9\xa3","events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":"","events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":2147483648,"events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":9223372036854775808,"events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":1e400,"events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":' + b"9" * 5000 + b',"events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":"' + b"9" * 5000 + b'","events":[]}', "invalid_sequence"),
        (b'{"sessionId":"a","sequence":1}', "invalid_events"),
        (b'{"sessionId":"a","sequence":1,"events":null}', "invalid_events"),
        (b'{"sessionId":"a","sequence":1,"events":{}}', "invalid_events"),
        (b'{"sessionId":"a","sequence":1,"events":[1]}', "invalid_events"),
        (b'{"sessionId":"a","sequence":1,"events":[{},null]}', "invalid_events"),
        (b'{"sessionId":"a","sequence":1,"events":[[]]}', "invalid_events"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value[:60]),
)
def test_body_of_another_shape_is_refused_by_name(door: "Door", body: bytes, code: str) -> None:
    answer = door.post(content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        b'{"sessionId":"edge","sequence":2147483647,"events":[]}',
        b'{"sessionId":"edge","sequence":"2147483647","windowId":"2","events":[]}',
        b'{"sessionId":"","session_id":"edge","window_id":"3","sequence":0,"events":[]}',
        b'{"sessionId":"edge","windowId":null,"sequence":5,"events":[{"n":9223372036854775808,"m":1e400}]}',
        b'{"sessionId":"edge","sequence":6,"events":[{"text":"cut emoji \\ud83d"},{"text":"\\udc00 other half"}]}',
        b'{"sessionId":"edge","sequence":7,"events":[' + b'{"childNodes":[' * 1100 + b"]}" * 1100 + b"]}",
        b'{"sessionId":"edge","sequence":8,"events":[{"nul":"\\u0000"}],"events":[{}]}',
    ],
    ids=range(7),
)
def test_body_at_the_edge_of_the_shape_is_taken(door: "Door", body: bytes) -> None:
    answer = door.post(content=body)
    assert (answer.status_code, answer.json().get("session_id")) == (202, "edge")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_ids_are_only_names(door: "Door", name: str) -> None:
    answer = door.post(door.batch(name, windowId=name))
    assert (answer.status_code, answer.json()["session_id"]) == (202, name)
    assert [row["window_id"] for row in door.rows() if row["session_id"] == name] == [name]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ["sessionId", "session_id", "windowId", "sequence", "events", "flushType", "metadata", "sentAt", "sdk"]
POSTS = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), JSON_VALUES)


@given(body=st.one_of(st.binary(max_size=400), POSTS.map(lambda post: json.dumps(post).encode())))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_whatsoever_makes_the_door_fail(door: "Door", body: bytes) -> None:
    assert door.post(content=body).status_code in (202, 400)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b'{"sessionId":"packed","sequence":1,"events":[{}]}')),
        ("gzip", gzip.compress(b'{"sessionId":"packed","sequence":2,') + gzip.compress(b'"events":[{}]}')),
        ("deflate", zlib.compress(b'{"sessionId":"packed","sequence":3,"events":[{}]}')),
        ("br", brotli.compress(b'{"sessionId":"packed","sequence":4,"events":[{}]}')),
        ("zstd", zstandard.compress(b'{"sessionId":"packed","sequence":5,"events":[{}]}')),
    ],
    # Names of their own: gzip writes the time into what it compresses.
    ids=["gzip", "gzip in two members", "deflate", "br", "zstd"],
)
def test_compressed_body_is_taken_and_kept_as_it_came(door: "Door", encoding: str, body: bytes) -> None:
    answer = door.post(content=body, content_encoding=encoding)
    assert (answer.status_code, answer.json().get("event_count")) == (202, 1)
    assert [row["encoding"] for row in door.rows() if row["body"] == body] == [encoding]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_body_that_is_not_of_its_encoding_is_refused_by_name(door: "Door", encoding: str) -> None:
    answer = door.post(door.batch("not packed"), content_encoding=encoding)
    assert (answer.status_code, answer.json()["error"]) == (400, f"invalid_{encoding}")


def test_unknown_encoding_is_refused_and_not_read_as_plain(door: "Door") -> None:
    answer = door.post(door.batch("odd"), content_encoding="compress")
    assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_encoding")


def test_decompression_bomb_is_too_large(door: "Door") -> None:
    answer = door.post(content=gzip.compress(bytes(100 << 20), mtime=0), content_encoding="gzip")
    assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")


def test_key_may_come_as_header_bearer_or_query(door: "Door") -> None:
    url, content = "/api/sdk/replay", json.dumps(door.batch("key places")).encode()
    ways: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"x-retrace-key": door.key}, {}),
        ({"authorization": f"Bearer {door.key}"}, {}),
        ({"authorization": f"bearer  {door.key}"}, {}),
        ({}, {"key": door.key}),
        ({}, {"api_key": door.key}),
        ({}, {"apiKey": door.key}),
        ({"x-retrace-key": door.key, "authorization": "Bearer rtpk_other"}, {"key": "rtpk_other"}),
    ]
    statuses = [door.client.post(url, content=content, headers=h, params=p).status_code for h, p in ways]
    assert statuses == [202] * len(ways)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-retrace-key": "rtpk_unknown"},
        {"x-retrace-key": "rtst_service"},
        {"x-retrace-key": "' OR 1=1 --"},
        {"x-retrace-key": "rtpk_\xe9"},
        {"x-retrace-key": "rtpk_" + "a" * 10_000},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"authorization": "Bearer"},
    ],
)
def test_post_without_a_valid_key_is_unauthorized_whatever_its_body(door: "Door", headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = door.client.post("/api/sdk/replay", content=b"not even json", headers=raw)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


def test_revoked_key_is_refused_at_the_next_request(door: "Door") -> None:
    with StateStore.open(door.home) as store:
        key, secret = store.create_sdk_key(door.workspace, "short-lived")
        assert door.post(door.batch("revoked"), x_retrace_key=secret).status_code == 202
        store.revoke_key(key.id)
    assert door.post(door.batch("revoked", 1), x_retrace_key=secret).status_code == 401


def test_same_batch_again_is_a_duplicate_and_lands_once(door: "Door") -> None:
    first, again = (door.post(door.batch("twice")).json() for _ in range(2))
    assert (first["accepted"], first["duplicate"]) == (True, False)
    assert again == {**first, "accepted": False, "duplicate": True}
    assert len([row for row in door.rows() if row["session_id"] == "twice"]) == 1


def test_same_content_compressed_otherwise_is_a_duplicate(door: "Door") -> None:
    body = json.dumps(door.batch("packed twice")).encode()
    assert door.post(content=body).json()["duplicate"] is False
    assert door.post(content=gzip.compress(body, mtime=0), content_encoding="gzip").json()["duplicate"] is True


def test_same_sequence_with_other_content_lands_for_the_lake_to_judge(door: "Door") -> None:
    assert door.post(door.batch("conflict")).json()["accepted"] is True
    assert door.post(door.batch("conflict", release="other")).json()["accepted"] is True
    assert len([row for row in door.rows() if row["session_id"] == "conflict"]) == 2


def test_same_sequence_in_another_window_or_environment_is_another_batch(door: "Door") -> None:
    with StateStore.open(door.home) as store:
        staging = store.ensure_workspace("Test", "Shop", "staging")
        secret = store.create_sdk_key(staging, "staging")[1]
    answers = [
        door.post(door.batch("windows")),
        door.post(door.batch("windows", windowId="w2")),
        door.post(door.batch("windows"), x_retrace_key=secret),
    ]
    assert [answer.json()["accepted"] for answer in answers] == [True, True, True]
    assert len({answer.json()["batch_id"] for answer in answers}) == 3


def test_retries_in_flight_at_once_land_once_and_are_all_answered(door: "Door") -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: door.post(door.batch("race", 3)).json(), range(48)))
    assert [answer["accepted"] for answer in answers].count(True) == 1
    assert len([row for row in door.rows() if row["session_id"] == "race"]) == 1
