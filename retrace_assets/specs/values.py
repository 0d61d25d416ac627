"""What is put into a field when the recording does not say: a placeholder with a kind, and an example of it.

Belongs here: telling the kind of a field, and examples that pass the browser's own checks. Does not: who fills them in
(the engine).
"""

import re
from typing import Final

from retrace_core.accessible import input_type_of
from retrace_core.nodes import Node
from retrace_core.redaction import redact_text
from retrace_core.spec import Input, InputKind

_BY_TYPE: Final[dict[str, InputKind]] = {
    "email": "email",
    "password": "password",
    "tel": "tel",
    "number": "number",
    "range": "number",
    "date": "date",
    "url": "url",
}
# What the field is called, in the words of autocomplete, ids, names and labels.
_BY_WORDS: Final[tuple[tuple[InputKind, re.Pattern[str]], ...]] = (
    ("password", re.compile(r"(?i)pass(?:word|wd|phrase)|kennwort|passwort|contrase|mot.?de.?passe")),
    ("code", re.compile(r"(?i)\botp\b|one.?time|\bcvc\b|\bcvv\b|\bpin\b|card.?code|security.?code")),
    ("secret", re.compile(r"(?i)api.?key|secret|token|card.?number|cc-number|\biban\b")),
    ("email", re.compile(r"(?i)e.?mail")),
    ("tel", re.compile(r"(?i)phone|\btel\b|mobile")),
    ("username", re.compile(r"(?i)user.?name|login|account")),
)
_NAMES: Final = ("autocomplete", "name", "id", "aria-label", "placeholder", "data-testid")
_CARD: Final = re.compile(r"(?i)card.?number|cc-number")
_SLUG: Final = re.compile(r"[^a-z0-9]+")
_TEXT_CHARS: Final = 60
_WORDS: Final = "Some words to try it with, as many as there were before"
# Test values that payment forms everywhere take: nobody's card.
_TEST_CARD: Final = "4242 4242 4242 4242"
# Kinds a made-up value would be wrong for: an account exists or it does not.
_GIVEN: Final = frozenset(("password", "secret", "username"))


def kind_of(field: Node, name: str, *, signs_in: bool) -> InputKind:
    """What is entered into a field; `signs_in` says that it stands in a form with a password."""
    by_type = _BY_TYPE.get(input_type_of(field) or "")
    said = " ".join([name, *(field.attribute(attribute) or "" for attribute in _NAMES)])
    by_words = next((kind for kind, pattern in _BY_WORDS if pattern.search(said)), None)
    if by_type == "password" or by_words == "password":
        return "password"
    if signs_in and (by_type or by_words) in ("email", "username", None):
        return "username"
    return by_type or by_words or "text"


def is_kept(text: str, kind: InputKind) -> bool:
    """Whether what was recorded in clear may stand in a test: nothing personal, nothing redaction would touch."""
    return kind in ("text", "number", "date") and len(text) <= _TEXT_CHARS and redact_text(text) == text


def input_of(field: Node, kind: InputKind, name: str, length: int) -> tuple[str, Input]:
    """The placeholder's name and what it stands for; `length` is that of the masked text."""
    if kind in ("username", "password"):
        return kind, Input(kind, env=f"RETRACE_TESTER_AUTH_{kind.upper()}")
    own = next((value for value in (field.attribute("name"), field.attribute("id"), name) if value), kind)
    slug = _SLUG.sub("_", own.lower()).strip("_")[:40] or kind
    slug = slug if slug[0].isalpha() else f"{kind}_{slug}"
    said = " ".join([name, *(field.attribute(attribute) or "" for attribute in _NAMES)])
    example = _TEST_CARD if _CARD.search(said) else "" if kind in _GIVEN else _example(field, kind, length)
    return slug, Input(kind, env=f"RETRACE_TESTER_{slug.upper()}", example=_allowed(field, example))


def _example(field: Node, kind: InputKind, length: int) -> str:  # noqa: PLR0911 - one a case
    match kind:
        case "email":
            return "kim@example.com"
        case "tel":
            return "+15550100"
        case "url":
            return "https://example.com"
        case "date":
            return "2030-01-31"
        case "number":
            return _number(field, length)
        case "code":
            return "1234567890"[: max(length, 3)]
        case _:
            said = " ".join(field.attribute(attribute) or "" for attribute in _NAMES)
            if re.search(r"(?i)post.?code|\bzip|postal", said):
                return "20457"
            if re.search(r"(?i)valid.?until|expir|cc-exp|mm.?/", said):
                return "11/29"
            return _WORDS[: max(length, 2)].strip()


def _number(field: Node, length: int) -> str:
    least, most = (_float(field.attribute(name)) for name in ("min", "max"))
    if least is not None:
        return f"{least:g}"
    digits = "1" * min(max(length, 1), 6)
    return f"{most:g}" if most is not None and float(digits) > most else digits


def _allowed(field: Node, example: str) -> str:
    """Cut or filled to what the field's own limits take."""
    most, least = (_float(field.attribute(name)) for name in ("maxlength", "minlength"))
    if most is not None and 0 < most < len(example):
        return example[: int(most)]
    if least is not None and example and len(example) < least <= _TEXT_CHARS:
        return (f"{example} " * int(least))[: int(least)].rstrip().ljust(int(least), "s")
    return example


def _float(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
