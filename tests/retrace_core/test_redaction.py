"""What must never leave redaction, what must come out as it went in, and what must hold for any text at all."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrace_core.redaction import redact, redact_text, redact_texts
from retrace_core.redaction_rules import HINTS, RULES

_RECORDINGS = Path(os.environ.get("RETRACE_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "recordings"

_RUN = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z"
_PEM_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"

# A text for each rule, and what of it must be gone. Written in two parts where a scanner of this repository would
# otherwise take it for a real credential.
PLANTED: dict[str, tuple[str, str]] = {
    "private_key": (
        f"-----BEGIN RSA PRIVATE KEY-----\n{_PEM_BODY}\nabc=\n-----END RSA PRIVATE KEY----- then text",
        _PEM_BODY,
    ),
    "password_field_html": ('<input type="password" class="x" value="correct horse">', "correct horse"),
    "password_field_html_value_first": ("<input value='correct horse' type=password>", "correct horse"),
    "password_field_json": ('{"type":"password","id":"p","value":"correct horse"}', "correct horse"),
    "password_field_json_value_first": ('{"value":"correct horse","type": "password"}', "correct horse"),
    "quoted_secret": ('{"user":{"newPassword": "correct \\"horse"}}', "horse"),
    "secret_number": ('sent {"otp":493817,"id":7}', "493817"),
    "xml_secret": ("<soap:Body><u:userPassword>correct horse</u:userPassword><id>7</id></soap:Body>", "horse"),
    "multipart_secret": ('Content-Disposition: form-data; name="password"\r\n\r\ncorrect horse\r\n--', "horse"),
    "authorization_header": ("Authorization: Token jwt.token.x", "jwt.token.x"),
    "cookie_header": ("cookie: theme=dark; remember=c0ffee42", "c0ffee42"),
    "query_secret": ("/cb?user%5Bpassword%5D=correct,horse&next=/home", "horse"),
    "query_credential": ("https://app.example/cb?code=SplxlOBeZQQYbYS6WxSbIA&state=xyz", "SplxlOBeZQQYbYS6WxSbIA"),
    "session_cookie": ("sessionid=38afes7a8; Path=/", "38afes7a8"),
    "assigned_secret": ("login failed for bob with client_secret=hunter2!", "hunter2"),
    "url_user_info": ("postgres://ada:hun@ter2@db.internal:5432/app", "ter2"),
    "bearer_or_basic": ("sent Basic dXNlcjpwYXNz to the server", "dXNlcjpwYXNz"),
    "jwt": ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSM back", "eyJzdWIiOiIxMjM0In0"),
    "cloud_key": ("using AK" + "IAIOSFODNN7EXAMPLE now", "IOSFODNN7EXAMPLE"),
    "forge_token": ("remote gh" + f"p_{_RUN}{_RUN[:4]} rejected", _RUN),
    "chat_token": ("slack xo" + "xb-123456789012-abcdefABCDEF", "abcdefABCDEF"),
    "chat_webhook": ("https://hooks.slack" + ".com/services/T0AAAAAAA/B0BBBBBBB/" + _RUN[:24], _RUN[:24]),
    "payment_key": ("stripe sk" + f"_live_{_RUN[:24]} used", _RUN[:24]),
    "model_provider_key": ("model sk" + f"-proj-{_RUN} refused", _RUN),
    "registry_token": ("npm" + f"_{_RUN}{_RUN[:4]}", _RUN),
    "messaging_key": ("SG" + f".{_RUN[:22]}.{_RUN}{_RUN[:11]}", _RUN),
    "platform_token": ("as rts" + "t_0a1b2c3d4e5f", "0a1b2c3d4e5f"),
    "email": ("write to José.o'brien+tag%2Bx@mail.example.co.uk today", "brien"),
    "iban": ("pay to DE44 5001 0517 5407 3249 31 please", "5407"),
    "card": ("card 4111 1111-1111 1111 exp 12/27", "1111"),
    "us_ssn": ("ssn is 123-45-6789.", "45-6789"),
    "phone": ("call +1 (415) 555-2671 or so", "555-2671"),
}
# More shapes of the same, as they are met in the wild.
MORE_PLANTED: list[tuple[str, str]] = [
    ("ada.lovelace@example.com", "lovelace"),
    ("q=lovelace%40example.com&x=1", "lovelace"),
    ("mailto:lovelace&#64;example.com", "lovelace"),
    ("password: hunter2", "hunter2"),
    ("PASSWORD = 'correct horse'", "horse"),
    ("{'password': 'correct horse'}", "horse"),
    ('{password:"correct horse"}', "horse"),
    ("x-api-key: k-9f8e7d", "9f8e7d"),
    ("data=%7B%22token%22%3A%22t0ps3cret%22%7D", "t0ps3cret"),
    ("&quot;token&quot;:&quot;t0ps3cret&quot;", "t0ps3cret"),
    ("/cb#access_token=t0ps3cret&type=x", "t0ps3cret"),
    ("accessToken=t0ps3cret", "t0ps3cret"),
    ("https://ada:hunter2@example.com/x", "hunter2"),
    ("Bearer abcDEF123456", "abcDEF123456"),
    ("4242424242424242", "42424242"),
    ("3782 822463 10005", "822463"),
    ("5555-5555-5555-4444", "5555-4444"),
    ("GB29NWBK60161331926819", "60161331926819"),
    ("+49 30 901820 44", "901820"),
    ("password=it's(correct),horse&x=1", "horse"),
    ('{"a":{"auth":"t0ps3cret","pass": "hunter2"}}', "hunter2"),
    ('mutation { login(password: "correct \\"horse") { id } }', "horse"),
    ("Server=db;Password=hunter2;Timeout=3", "hunter2"),
    ("card_cvv=739&x=1", "739"),
]
_ALL_PLANTED = [*PLANTED.values(), *MORE_PLANTED]


def _snapshot(**node: Any) -> dict[str, Any]:
    element = {"type": 2, "tagName": "div", "attributes": {}, "childNodes": [], "id": 5} | node
    return {"type": 2, "timestamp": 1712345678901, "data": {"node": {"type": 0, "childNodes": [element], "id": 1}}}


def _mutation(**data: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"source": 0, "texts": [], "attributes": [], "removes": [], "adds": []}
    return {"type": 3, "timestamp": 1712345678901, "data": empty | data}


def _plugin(name: str, **payload: Any) -> dict[str, Any]:
    return {"type": 6, "timestamp": 1712345678901, "data": {"plugin": name, "payload": payload}}


def _text_node(text: str) -> dict[str, Any]:
    return {"type": 3, "textContent": text, "id": 9}


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "snapshot text": lambda s: _snapshot(childNodes=[_text_node(s)]),
    "placeholder": lambda s: _snapshot(attributes={"type": "text", "placeholder": s}),
    "title": lambda s: _snapshot(attributes={"title": s}),
    "aria-label": lambda s: _snapshot(attributes={"aria-label": s}),
    "data attribute": lambda s: _snapshot(attributes={"data-user": s}),
    "href": lambda s: _snapshot(tagName="a", attributes={"href": s}),
    "input value": lambda s: _snapshot(tagName="input", attributes={"type": "text", "value": s}),
    "style text": lambda s: _snapshot(tagName="style", attributes={"_cssText": f'.a::after {{ content: "{s}"; }}'}),
    "mutated text": lambda s: _mutation(texts=[{"id": 9, "value": s}]),
    "mutated attribute": lambda s: _mutation(attributes=[{"id": 5, "attributes": {"value": s}}]),
    "mutated style": lambda s: _mutation(attributes=[{"id": 5, "attributes": {"style": {"content": s}}}]),
    "added node": lambda s: _mutation(adds=[{"parentId": 5, "nextId": None, "node": _text_node(s)}]),
    "typed text": lambda s: {"type": 3, "data": {"source": 5, "text": s, "isChecked": False, "id": 5}, "timestamp": 1},
    "style rule": lambda s: {"type": 3, "data": {"source": 8, "id": 5, "adds": [{"rule": s, "index": 0}]}},
    "canvas text": lambda s: {"type": 3, "data": {"source": 9, "id": 5, "property": "fillText", "args": [s, 1, 2]}},
    "page address": lambda s: {"type": 4, "data": {"href": f"https://app.example/p?q=1 {s}", "width": 800}},
    "console": lambda s: _plugin("rrweb/console@1", level="error", payload=[json.dumps(f"Error: {s}")], trace=[s]),
    "console object": lambda s: _plugin("rrweb/console@1", level="log", payload=[json.dumps({"data": {"note": s}})]),
    "exception": lambda s: _plugin("retrace/exception@1", kind="error", message=f"Uncaught {s}", stack=f"at f ({s})"),
    "request address": lambda s: _plugin("retrace/network@1", method="GET", url=f"/x {s}", status=500),
    "request header": lambda s: _plugin("rrweb/network@1", requests=[{"requestHeaders": {"x-note": s}}]),
    "request body": lambda s: _plugin("rrweb/network@1", requests=[{"requestBody": json.dumps({"a": [{"note": s}]})}]),
    "body in a body": lambda s: _plugin("rrweb/network@1", requests=[{"responseBody": json.dumps([json.dumps([s])])}]),
    "click target": lambda s: _plugin("retrace/click@1", target={"text": f"Pay {s}", "labelText": s}, nodeId=5),
    "breadcrumb": lambda s: {"type": 5, "data": {"tag": "breadcrumb", "payload": {"message": s, "data": {"to": s}}}},
    "metadata": lambda s: {"type": 5, "data": {"tag": "metadata", "payload": {"url": s, "user": {"name": s}}}},
}


def _skeleton(value: Any) -> Any:
    """The document with every string value, but no key, blanked."""
    if isinstance(value, dict):
        return [(key, _skeleton(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [_skeleton(item) for item in value]
    return "" if isinstance(value, str) else (type(value), repr(value))


def _pairs(text: str) -> Any:
    return json.loads(text, object_pairs_hook=dict)


@pytest.mark.parametrize("place", PLACES)
def test_planted_secrets_are_gone_wherever_they_stand_in_a_stream(place: str) -> None:
    events = [PLACES[place](text) for text, _ in _ALL_PLANTED]
    for ascii_only in (True, False):
        texts = [json.dumps({"events": [event]}, ensure_ascii=ascii_only) for event in events]

        redacted = redact(pl.Series(texts)).to_list()

        survivors = [
            (text, output)
            for (text, secret), output in zip(_ALL_PLANTED, redacted, strict=True)
            if secret in output or secret in json.loads(output).__str__()
        ]
        assert survivors == []
        assert [_skeleton(_pairs(text)) for text in redacted] == [_skeleton(_pairs(text)) for text in texts]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_takes_its_secret_out_of_plain_text(rule: Any) -> None:
    text, secret = PLANTED[rule.name]

    assert secret not in redact_text(text)
    assert rule.reason.endswith(".")


def test_planted_examples_cover_the_table_of_rules() -> None:
    assert list(PLANTED) == [rule.name for rule in RULES]
    assert len(HINTS) <= 100  # beyond, the search for hints takes twice as long


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"password":"hunter2"}', '{"password":"[redacted]"}'),
        ('{"password" : "hunter2", "n" : 1}', '{"password" : "[redacted]", "n" : 1}'),
        (
            '{"user":{"clientSecret":"x","x-api-key":"y"}}',
            '{"user":{"clientSecret":"[redacted]","x-api-key":"[redacted]"}}',
        ),
        ('{"set-cookie":["a=b; Path=/","c=d"],"n":["e=f"]}', '{"set-cookie":["[redacted]","[redacted]"],"n":["e=f"]}'),
        ('[["Authorization","x y"],["accept","a"]]', '[["Authorization","[redacted]"],["accept","a"]]'),
        ('{"name":"Cookie","value":"a=b"}', '{"name":"Cookie","value":"[redacted]"}'),
        ('{"name":"csrf-token","content":"ZmFrZQ"}', '{"name":"csrf-token","content":"[redacted]"}'),
        ('{"type":"password","name":"p","value":"pw"}', '{"type":"password","name":"p","value":"[redacted]"}'),
        ('{"value":"pw","id":"x","type":"password"}', '{"value":"[redacted]","id":"x","type":"password"}'),
        ('{"autocomplete":"cc-number","value":"4"}', '{"autocomplete":"cc-number","value":"[redacted]"}'),
        ('{"autocomplete":"one-time-code","value":"1"}', '{"autocomplete":"one-time-code","value":"[redacted]"}'),
        ('{"a":{"type":"password"},"value":"kept"}', '{"a":{"type":"password"},"value":"kept"}'),
        ('{"text":"ada@exampl"}', '{"text":"[email]"}'),
        ('{"text":"4111 1111 11"}', '{"text":"[card]"}'),
        ('{"p\\u0061ssword":"hunter2"}', '{"p\\u0061ssword":"[redacted]"}'),
        ('{"m":"ada\\u0040example.com"}', '{"m":"[email]"}'),
        ('{"m":"{\\"m\\":\\"ada\\\\u0040example.com\\"}"}', '{"m":"{\\"m\\":\\"[email]\\"}"}'),
        ('{"m":"\\nada@example.com\\ud83d"}', '{"m":"\\n[email]\\ud83d"}'),
        ("password=hunter2&x=1", "password=[redacted]&x=1"),
        ("Authorization: Bearer abc\nAccept: */*", "Authorization: [redacted]\nAccept: */*"),
        ("https://u:p@example.com/a", "https://[redacted]@example.com/a"),
    ],
)
def test_redaction_leaves_what_is_around_a_secret(before: str, after: str) -> None:
    assert redact_text(before) == after


INNOCENT = [
    "Password", "Forgot your token?", "Password: must be at least 8 characters", "Your password is too short",
    'type="password"', '<input type="password" name="password" placeholder="Password" autocomplete="new-password">',
    "input[type=password]:focus{outline:none}", ".token-list .token:hover::before{content:'x'}", ".secret:not(.x){}",
    "--token-color:#fff;color:var(--token)", "@media (max-width:600px){a{b:c}}@keyframes x{from{a:b}}",
    "index-3f2a1b9c.js", "main.8f3b2c1d4e5f6a7b8c9d.css", "logo@2x.png", "/assets/Login-CeLov5tZ.js",
    "550e8400-e29b-41d4-a716-446655440000", "44444444-4444-4444-4444-444444444444", "1712345678901", "1712345678",
    "AB12CD34EF56AB12CD34EF56AB12CD34", "2024-03-01T10:00:00.000Z", "$1,299.00", "0.4111111111111111",
    "translate(4111.1111111111111px, 12px)", "rgba(0, 0, 0, .5)", "Basic plan", "Basic JavaScript information",
    "Bearer of good news", "function(e,t,n){var r=n(1);return e?t:r}", "e.token=t;n.pass=i", "a.b.c is not a function",
    "Cannot read properties of undefined (reading 'token')", "fn@https://app.example/main.js:10:5",
    "https://cdn.example/npm/vue@3.4.21/dist/vue.js", "https://x.example/a?page=2&code=404&key=7", "max_tokens: 100",
    "passwordless login", "UTC+1 2024-03-01", "GMT+0100 (CET)", "+10 000", "@username", "We use cookies: to improve",
    "sk-spinner-double-bounce-child-element", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB", "key: Enter",
    "token=null", "password=****", "password: ••••••", "password=[redacted]", "contact [email] or [card]", "",
]  # fmt: skip


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_text_is_unchanged_plain_and_in_a_snapshot(text: str) -> None:
    documents = [
        json.dumps(_snapshot(attributes={"class": text}, childNodes=[_text_node(text)]), ensure_ascii=a)
        for a in (False, True)
    ]

    assert redact(pl.Series([text, *documents])).to_list() == [text, *documents]


def test_structure_of_rrweb_is_unchanged_when_its_words_look_like_secrets() -> None:
    document = {
        "sessionId": "s3ss10n", "session_id": "s3ss10n", "tokens": ["a", "b"], "token": None, "secret": True,
        "timestamp": 1712345678901, "card": 4111111111111111, "otp": 123456, "positions": [{"x": 4111.5, "y": 1e20}],
        "node": {"attributes": {"type": "password", "name": "password", "placeholder": "Password"}, "isSVG": True},
        "points": "4100 2000 3000 1000", "d": "M4100 2000 3000 1000z", "password": "", "pwd": "****",
        "list": [{"type": "password", "id": "token"}], "ada@example.com": {"4111 1111 1111 1111": 1},
    }  # fmt: skip
    svg = _snapshot(tagName="path", isSVG=True, attributes={"d": document.pop("d"), "points": document.pop("points")})
    texts = [json.dumps(document), json.dumps(svg)]

    assert redact(pl.Series(texts)).to_list() == texts


def test_nulls_order_and_name_are_kept_when_a_series_mixes_kinds() -> None:
    texts = pl.Series("body", ["x", None, '{"pwd":"a"}', "pwd=abc", None, "[1]", ""])

    redacted = redact(texts)

    assert redacted.name == "body"
    assert redacted.to_list() == ["x", None, '{"pwd":"[redacted]"}', "pwd=[redacted]", None, "[1]", ""]
    assert texts[2] == '{"pwd":"a"}'


@pytest.mark.parametrize("empty", [pl.Series([], dtype=pl.String), pl.Series([None, None], dtype=pl.Null)])
def test_series_without_text_comes_back_as_strings(empty: pl.Series) -> None:
    assert redact(empty).to_list() == empty.to_list()
    assert redact(empty).dtype == pl.String


def test_batches_longer_than_a_slice_are_redacted_throughout() -> None:
    padding = "lorem ipsum " * 200_000
    texts = [json.dumps({"n": n, "m": padding, "token": f"t{n}"}) for n in range(5)]

    redacted = [json.loads(text) for text in redact(pl.Series(texts))]

    assert redacted == [{"n": n, "m": padding, "token": "[redacted]"} for n in range(5)]


def test_nesting_without_end_is_still_json_to_redaction() -> None:
    deep = "[" * 100_000 + '{"password":"hunter2"}' + "]" * 100_000

    assert redact_text(deep) == deep.replace("hunter2", "[redacted]")


@pytest.mark.parametrize(
    "cut", ['["cookie",', '{"cookie":', '{"set-cookie":[', '[{"type":"password","value":', '{"password":"']
)
def test_json_cut_between_its_tokens_does_not_raise(cut: str) -> None:
    assert redact_text(cut) == cut


def test_damaged_json_is_redacted_as_text_wherever_it_was_cut() -> None:
    document = json.dumps(
        {"a": "ü\n", "password": "hunter2", "b": {"c": '{"token":"t0ps3cret"}'}, "e": "ada@example.com"}
    )
    cuts = [document[start:end] for start in (0, 1, 5) for end in range(start, len(document))]

    redacted = redact(pl.Series(cuts)).to_list()

    whole = ("hunter2", "t0ps3cret", "ada@example.com")
    assert [text for text in redacted if any(secret in text for secret in whole)] == []


def test_lone_surrogates_do_not_raise() -> None:
    assert redact_text("a\ud800b password=hunter2") == "a?b password=[redacted]"
    assert redact_text('{"a":"\\ud800","pwd":"\\udc00"}') == '{"a":"\\ud800","pwd":"[redacted]"}'


_FRAGMENTS = st.sampled_from(
    [text for text, _ in _ALL_PLANTED]
    + [
        "password",
        "token",
        "=",
        ":",
        '"',
        "\\",
        "'",
        "%22",
        "@",
        "\n",
        "é",
        "\x01",
        "\x02",
        "\x03",
        "\x04",
        "u0040",
        "\\u0040",
    ]
    + ["value", "type", "cookie", "****", "null", "[redacted]", "{", "}", "[", "]", ",", " ", "4111", "-", "eyJ"]
)
_TEXTS = st.one_of(st.text(), st.lists(_FRAGMENTS, max_size=8).map("".join))
_KEYS = st.one_of(_TEXTS, st.sampled_from(["password", "text", "value", "type", "name", "cookie", "content", "d"]))
_DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(_KEYS, inner, max_size=4),
        inner.map(json.dumps),
    ),
    max_leaves=12,
).map(lambda value: value if isinstance(value, dict | list) else [value])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_DOCUMENTS, st.booleans(), st.sampled_from([None, 2])), min_size=1, max_size=6))
@example([({"a": "\\npm_" + _RUN, "b": "x\\" + "u0040"}, True, None)])
def test_json_keeps_its_shape_keys_and_scalars_whatever_it_holds(documents: list[tuple[Any, bool, int | None]]) -> None:
    texts = [
        json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace").decode()
        for value, ascii_only, indent in documents
    ]

    redacted = redact(pl.Series(texts))

    for before, after in zip(texts, redacted.to_list(), strict=True):
        assert _skeleton(_pairs(after)) == _skeleton(_pairs(before))
    assert redact(redacted).to_list() == redacted.to_list()


@settings(max_examples=60, deadline=None)
@given(st.lists(_TEXTS, min_size=1, max_size=20))
def test_redacting_any_text_twice_changes_nothing_more(texts: list[str]) -> None:
    once = redact(pl.Series([text.encode("utf-8", "replace").decode() for text in texts]))

    assert redact(once).to_list() == once.to_list()


@settings(max_examples=60, deadline=None)
@given(st.lists(_TEXTS, max_size=8))
@example(["", "lone \ud800", '"password"', '"hunter2"', "pwd=abc"])
def test_texts_come_out_together_as_each_does_alone(texts: list[str]) -> None:
    assert redact_texts(texts) == [redact_text(text) for text in texts]


@pytest.mark.skipif(not _RECORDINGS.exists(), reason="no recordings here; RETRACE_TEST_DATA names their folder")
def test_recordings_of_real_apps_keep_their_shape_and_lose_their_secrets() -> None:
    texts = pl.Series([file.read_text() for file in sorted(_RECORDINGS.glob("*events.json"))])

    redacted = redact(texts)

    assert [_skeleton(_pairs(text)) for text in redacted] == [_skeleton(_pairs(text)) for text in texts]
    assert redact(redacted).to_list() == redacted.to_list()
    for secret in ("correct-horse", "jwt.token.x", "ada@e", "slow.typing@email.com"):
        assert texts.str.contains(secret, literal=True).any()
        assert not redacted.str.contains(secret, literal=True).any()
