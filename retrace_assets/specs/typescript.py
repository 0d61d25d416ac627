"""TypeScript as text: literals that mean what they hold, whatever a hostile page put into it.

Belongs here: strings, comments, patterns, elements. Does not: what a test does (playwright_file).
"""

import json
import re
from typing import Final, assert_never

from retrace_core.spec_file import split_placeholders
from retrace_core.spec_steps import Locator

_PATTERN_CHARS: Final = re.compile(r"[\\^$.*+?()\[\]{}|/]")
_TOKEN: Final = re.compile(r":id\b|<(?:n|hash|size|duration|time|date|ip|uuid|id|str|url|data)>|\[(?:email|redacted)\]")
_ESCAPED: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def string(text: str) -> str:
    """A string literal, in the quotes it needs no escape for."""
    quote = '"' if "'" in text and '"' not in text else "'"
    return f"{quote}{''.join(_character(char, quote) for char in text)}{quote}"


def text_of(text: str) -> str:
    """A text whose `{{ name }}` is read from `input`."""
    parts = [f"input.{part}" if is_name else string(part) for part, is_name in split_placeholders(text)]
    return " + ".join(parts) or "''"


def comment(text: str) -> str:
    """A comment of one line."""
    words = " ".join(text.split())
    return f"// {''.join(char for char in words if char.isprintable())}"


def message_pattern(template: str) -> str:
    """A pattern for what `parametrise_message` makes this template of."""
    parts = _parts(template, r"[\s\S]+?")
    return f"/{parts}/" if parts else "/(?:)/"


def route_pattern(path: str) -> str:
    """A pattern for the addresses of a route, given as its template."""
    page, hash_mark, view = path.partition("/#/")
    base = _parts(page.rstrip("/"), "[^/?#]+")
    if hash_mark:
        return rf"/^https?:\/\/[^/]+{base}\/?(?:\?[^#]*)?#!?\/{_parts(view, '[^/?#]+')}\/?(?:\?.*)?$/"
    return rf"/^https?:\/\/[^/]+{base}\/?(?:[?#].*)?$/"


def path_pattern(path: str) -> str:
    """A pattern for the path alone of a request's address."""
    return rf"/^{_parts(path.rstrip('/'), '[^/]+')}\/?$/"


def element(locator: Locator) -> str:
    """An element in Playwright's terms."""
    scope = "".join(["page", *(f".frameLocator({string(css)})" for css in locator.frames)])
    if locator.within:
        scope += _match(locator.within)
    return scope + _match(locator)


def _match(locator: Locator) -> str:
    nth = "" if locator.nth is None else f".nth({locator.nth})"
    return f".{_call(locator)}{nth}"


def _call(locator: Locator) -> str:  # noqa: PLR0911 - one a case
    value = string(locator.value)
    exact = ", { exact: true }" if locator.exact else ""
    match locator.by:
        case "test_id":
            if locator.attribute == "data-testid":
                return f"getByTestId({value})"
            return f"locator({string(f'[{locator.attribute}={json.dumps(locator.value)}]')})"
        case "role":
            named = f", {{ name: {string(locator.name)}{', exact: true' if locator.exact else ''} }}"
            return f"getByRole({value}{named if locator.name else ''})"
        case "label":
            return f"getByLabel({value}{exact})"
        case "placeholder":
            return f"getByPlaceholder({value}{exact})"
        case "text":
            return f"getByText({value}{exact})"
        case "alt":
            return f"getByAltText({value}{exact})"
        case "title":
            return f"getByTitle({value}{exact})"
        case "css":
            return f"locator({value})"
        case _:
            assert_never(locator.by)


def _parts(template: str, value: str) -> str:
    """A template as a pattern: its tokens are values, its spaces any."""
    found, at = [], 0
    for token in _TOKEN.finditer(template):
        found += [_literal(template[at : token.start()]), value]
        at = token.end()
    return "".join([*found, _literal(template[at:])])


def _literal(text: str) -> str:
    escaped = _PATTERN_CHARS.sub(lambda char: f"\\{char[0]}", text)
    return re.sub(r"[\s\x00-\x1f\u2028\u2029]+", lambda _: r"\s+", "".join(map(_pattern_character, escaped)))


def _pattern_character(char: str) -> str:
    return f"\\u{ord(char):04x}" if 0xD800 <= ord(char) < 0xE000 else char


def _character(char: str, quote: str) -> str:
    if char == quote:
        return f"\\{quote}"
    if char in _ESCAPED:
        return _ESCAPED[char]
    code = ord(char)
    is_plain = char.isprintable() and not 0xD800 <= code < 0xE000
    return char if is_plain else f"\\u{{{code:x}}}"
