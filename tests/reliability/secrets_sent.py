"""Secrets that pages leak, each one of its kind, and every place of a post in which a recorder may put one.

Belongs here: kinds, places, and the posts that carry one in the other. Does not: where they are looked for (the test).
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """A secret as a text of the page, and the texts that give it away wherever they are found."""

    kind: str
    text: str
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Planted:
    """A secret, the place it was put in, and the post that carries it."""

    secret: Secret
    place: str
    post: Json

    @property
    def name(self) -> str:
        """What a failure prints."""
        return f"{self.secret.kind} in {self.place}"


def _hex(number: int) -> str:
    return hashlib.sha256(f"planted {number}".encode()).hexdigest()


def _digits(number: int, count: int) -> str:
    return str(int(_hex(number), 16))[1 : count + 1]


def _marked(kind: str, text: Callable[[str], str]) -> Callable[[int], Secret]:
    """A kind whose secret holds a tag that is nowhere else."""

    def secret(number: int) -> Secret:
        tag = _hex(number)[:20]
        return Secret(kind, text(tag), (tag, tag.upper()))

    return secret


def _numbered(kind: str, text: Callable[[int], str]) -> Callable[[int], Secret]:
    """A kind that is digits: found with its gaps and without."""

    def secret(number: int) -> Secret:
        value = text(number)
        bare = value.replace(" ", "")
        return Secret(kind, value, (value, bare))

    return secret


def _card(number: int) -> str:
    digits = "4" + _digits(number, 14)
    doubled = [int(digit) * (2 - at % 2) for at, digit in enumerate(digits)]
    check = -sum(value // 10 + value % 10 for value in doubled) % 10
    return digits + str(check)


def _in_fours(digits: str) -> str:
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _ssn(number: int) -> str:
    digits = _digits(number, 8)
    return f"1{digits[:2]}-{digits[2:4]}-{digits[4:]}"


KINDS: tuple[Callable[[int], Secret], ...] = (
    _marked("e-mail", lambda tag: f"write to {tag}@mail.test today"),
    _marked("e-mail, percent-encoded", lambda tag: f"?user={tag}%40mail.test&page=2"),
    _marked("e-mail, HTML entity", lambda tag: f"<b>{tag}&#64;mail.test</b>"),
    _marked("bearer token", lambda tag: f"Authorization: Bearer {tag}.x9"),
    _marked("JWT", lambda tag: f"eyJhbGciOiJIUzI1NiJ9.eyJ{tag}.{tag}"),
    _marked("AWS key id", lambda tag: f"key AKIA{tag[:16].upper()} was used"),
    _marked("AWS secret", lambda tag: f"aws_secret_access_key={tag}{tag}"),
    _marked("GitHub token", lambda tag: f"ghp_{tag}{tag[:16]}"),
    _marked("Stripe key", lambda tag: f"sk_live_{tag}"),
    _marked("Slack token", lambda tag: f"xoxb-1234567890-{tag}"),
    _marked("PEM key", lambda tag: f"-----BEGIN PRIVATE KEY-----\nMIIE{tag}\n-----END PRIVATE KEY-----"),
    _marked("password in a JSON body", lambda tag: json.dumps({"user": 7, "password": f"{tag}!"})),
    _marked("password in nested JSON", lambda tag: json.dumps({"body": json.dumps({"apiKey": tag})})),
    _marked("password in a URL", lambda tag: f"https://shop.test/login?step=2&password={tag}#top"),
    _marked("password before a host", lambda tag: f"https://anna:{tag}@shop.test/private"),
    _marked("password in a log line", lambda tag: f"login failed, password={tag}"),
    _marked("cookie", lambda tag: f"Cookie: theme=dark; sessionid={tag}"),
    _numbered("card", _card),
    _numbered("card in groups", lambda number: _in_fours(_card(number))),
    _numbered("IBAN", lambda number: f"DE{_digits(number, 20)}"),
    _numbered("SSN", _ssn),
)

NOW_MS = int(time.time() * 1000)


def _event(type_: int, data: Json) -> Json:
    return {"type": type_, "timestamp": NOW_MS, "data": data}


def _plugin(name: str, payload: Json) -> Json:
    return _event(6, {"plugin": name, "payload": payload})


def _snapshot(node: Json) -> Json:
    return _event(2, {"node": {"type": 0, "id": 1, "childNodes": [node]}, "initialOffset": {"left": 0, "top": 0}})


def _element(attributes: Json, *children: Json, tag: str = "div") -> Json:
    return {"type": 2, "id": 2, "tagName": tag, "attributes": attributes, "childNodes": list(children)}


def _text_node(text: str) -> Json:
    return {"type": 3, "id": 3, "textContent": text}


def _events(build: Callable[[str], Json]) -> Callable[[str], Json]:
    return lambda text: {"events": [build(text)]}


PLACES: dict[str, Callable[[str], Json]] = {
    "a text of the page": _events(lambda text: _snapshot(_element({}, _text_node(text)))),
    "an attribute": _events(lambda text: _snapshot(_element({"title": text}))),
    "the value of an input": _events(lambda text: _snapshot(_element({"type": "text", "value": text}, tag="input"))),
    "a changed text": _events(lambda text: _event(3, {"source": 0, "texts": [{"id": 3, "value": text}]})),
    "a changed attribute": _events(
        lambda text: _event(3, {"source": 0, "attributes": [{"id": 2, "attributes": {"alt": text}}]})
    ),
    "an added node": _events(
        lambda text: _event(3, {"source": 0, "adds": [{"parentId": 2, "nextId": None, "node": _text_node(text)}]})
    ),
    "what was typed": _events(lambda text: _event(3, {"source": 5, "id": 2, "text": text, "isChecked": False})),
    "a console line": _events(
        lambda text: _plugin("rrweb/console@1", {"level": "error", "payload": [json.dumps(text)], "trace": []})
    ),
    "a console trace": _events(
        lambda text: _plugin("rrweb/console@1", {"level": "warn", "payload": ['"x"'], "trace": [text]})
    ),
    "an exception": _events(
        lambda text: _plugin("retrace/exception@1", {"kind": "error", "message": text, "stack": f"Error: {text}"})
    ),
    "the URL of a request": _events(
        lambda text: _plugin("retrace/network@1", {"method": "POST", "url": f"/api?q={text}", "status": 500})
    ),
    "the error of a request": _events(
        lambda text: _plugin("retrace/network@1", {"method": "GET", "url": "/api", "error": text})
    ),
    "headers and bodies": _events(
        lambda text: _plugin(
            "rrweb/network@1",
            {"requests": [{"name": "/api", "requestHeaders": {"x-note": text}, "requestBody": text, "status": 200}]},
        )
    ),
    "the address of the page": _events(lambda text: _event(4, {"href": f"https://shop.test/{text}", "width": 9})),
    "a clicked control": _events(
        lambda text: _plugin(
            "retrace/click@1", {"nodeId": 2, "target": {"tagName": "button", "text": text, "accessibleName": text}}
        )
    ),
    "a custom event": _events(lambda text: _event(5, {"tag": "note", "payload": {"deep": [[text]]}})),
    "an event of no known type": _events(lambda text: {"type": 99, "timestamp": NOW_MS, "data": {"note": text}}),
    "an event without a time": _events(lambda text: {"type": 3, "data": {"note": text}}),
    "an event from last year": _events(lambda text: {"type": 3, "timestamp": 1_500_000_000_000, "data": {"n": text}}),
    "an event with a number out of bounds": _events(lambda text: _event(3, {"note": text, "x": _NO_NUMBER})),
    "metadata": lambda text: {"events": [], "metadata": {"note": text, "nested": {"list": [text]}}},
    "distinctId": lambda text: {"events": [], "distinctId": text},
    "release": lambda text: {"events": [], "release": text},
    "the name and version of the SDK": lambda text: {"events": [], "sdk": {"name": text, "version": text}},
}

# Known for secrets by where they stand, not by what they look like.
STRUCTURES: dict[str, Callable[[str], Json]] = {
    "a password field of the page": _events(
        lambda text: _snapshot(_element({"type": "password", "value": text}, tag="input"))
    ),
    "a header": _events(
        lambda text: _plugin("retrace/network@1", {"url": "/", "headers": {"Authorization": f"Basic {text}"}})
    ),
    "a list of headers": _events(
        lambda text: _plugin("retrace/network@1", {"url": "/", "headers": [["X-Api-Key", text], ["Cookie", text]]})
    ),
    "a request body as JSON": _events(
        lambda text: _plugin("retrace/network@1", {"url": "/", "requestBody": {"user": {"newPassword": text}}})
    ),
    "metadata as a named field": lambda text: {"events": [], "metadata": {"accessToken": text}},
}


def planted() -> Iterator[Planted]:
    """Every kind in every place, each secret once, with the post that carries it but for its identity."""
    number = 0
    for place, post in PLACES.items():
        for kind in KINDS:
            number += 1
            secret = kind(number)
            yield Planted(secret, place, post(secret.text))
    for place, post in STRUCTURES.items():
        number += 1
        secret = _marked("bare password", lambda tag: tag)(number)
        yield Planted(secret, place, post(secret.text))


_NO_NUMBER = "1e400 goes here"
_KEPT_PLAIN = frozenset({"sessionId", "plugin", "tagName", "type", "level", "method"})


def encoded(post: Json, *, escaped: bool) -> bytes:
    """The post as JSON; `escaped` writes every character of what the page said as an escape, as serialisers may."""
    text = _escaped(post) if escaped else json.dumps(post)
    return text.replace(json.dumps(_NO_NUMBER), "1e400").encode()


def _escaped(value: Any, *, plain: bool = False) -> str:
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}:{_escaped(item, plain=key in _KEPT_PLAIN)}" for key, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_escaped(item, plain=plain) for item in value) + "]"
    if isinstance(value, str) and not plain and value != _NO_NUMBER:
        return '"' + "".join(f"\\u{ord(char):04x}" for char in value) + '"'
    return json.dumps(value)
