"""What an incident says of its place in the code: frames, pages, requests, messages, what was shown, what was said.

All of it comes from hostile pages: every function takes any text, reads a bounded part of it and never raises. Belongs
here: typed clues, and reading them out of texts. Does not: which rows they are taken from (gathering), or which file
they point at (ranking).
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

# Read of a text, in characters, and kept of what is found in it.
_TEXT_CHARS: Final = 32_000
_PATH_CHARS: Final = 400
_FRAMES: Final = 60
_FOUND: Final = 40

_JS_FRAME = re.compile(
    r"(?:at (?:async )?(?P<function>[^\s()@]{1,120})? ?(?:\[as [^\]]{1,80}\] )?\(?|(?P<gecko>[^\s()@]{0,120})@)"
    r"(?P<file>[^\s()]{1,400}?):(?P<line>\d{1,7})(?::\d{1,7})?\)?\s*$",
    re.MULTILINE,
)
_PYTHON_FRAME = re.compile(
    r'File "(?P<file>[^"\n]{1,400})", line (?P<line>\d{1,7})(?:, in (?P<function>[^\s]{1,120}))?'
)
_RUBY_FRAME = re.compile(
    r"(?P<file>[\w./-]{1,400}\.(?:rb|erb|haml|slim)):(?P<line>\d{1,7}):in [`'](?P<function>[^'\n]{1,120})'"
)
_JAVA_FRAME = re.compile(
    r"at (?P<package>(?:[\w$]{1,80}\.){1,20})(?P<function>[\w$<>]{1,120})\((?P<file>[\w$]{1,120}\.(?:java|kt|scala)):"
    r"(?P<line>\d{1,7})\)"
)
_GO_FRAME = re.compile(
    r"^(?P<function>\S{1,200})\([^\n]{0,400}\)\n\t(?P<file>/?\S{1,400}\.go):(?P<line>\d{1,7})", re.MULTILINE
)
_PHP_FRAME = re.compile(r"#\d{1,3} (?P<file>[^\s()]{1,400}\.php)\((?P<line>\d{1,7})\): (?P<function>[^\s(]{0,160})")

_PATH = re.compile(r"(?<![\w/.:<])(?P<path>/[\w:[\]{}<>$.*~-][\w/:[\]{}<>$.*~%@-]{0,200})")
_CALL = re.compile(r"\b(?P<method>GET|POST|PUT|PATCH|DELETE|HEAD) (?P<path>/[^\s\"'`?#]{0,200})")
_QUOTED = re.compile(r"[\"“”`«]([^\"“”`«»\n]{3,120})[\"“”`»]")


class Frame(msgspec.Struct, frozen=True):
    """A place on a stack; `line` 0 is unknown, and so is a line of what a bundler made."""

    file: str
    line: int = 0
    function: str = ""


class Request(msgspec.Struct, frozen=True):
    """A request by method (empty: any) and template of its path, values as `:id`."""

    method: str
    path: str


class Clues(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an incident, each kind from the most telling on.

    `frames` begin with the one that threw; `pages` are route templates; `shown` are texts people saw or controls they
    used; `names` are test ids, classes and names of code; `said` is everything that was written of it.
    """

    frames: tuple[Frame, ...] = ()
    pages: tuple[str, ...] = ()
    requests: tuple[Request, ...] = ()
    messages: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    said: str = ""
    release: str = ""
    first_seen_at: datetime | None = None


def clues_of_text(text: str) -> Clues:
    """The clues in what a person wrote, or a log holds: frames, requests, paths of pages, quoted texts."""
    text = text[:_TEXT_CHARS]
    calls = [Request(match["method"], match["path"].rstrip(".,;:)")) for match in _CALL.finditer(text)]
    asked = {call.path for call in calls}
    paths = [match["path"].rstrip(".,;:") for match in _PATH.finditer(text)]
    return Clues(
        frames=frames_of(text),
        pages=_some(path for path in paths if path not in asked and len(path) > 1),
        requests=tuple(dict.fromkeys(calls))[:_FOUND],
        shown=_some(match[1].strip() for match in _QUOTED.finditer(text)),
        said=text,
    )


def frames_of(stack: str) -> tuple[Frame, ...]:
    """The frames of a stack as JavaScript, Python, Ruby, Go, PHP or Java print it, the one that threw first."""
    stack = stack[:_TEXT_CHARS]
    # Python prints the call that threw last.
    found = [_frame(match) for match in _PYTHON_FRAME.finditer(stack)][::-1]
    found += [_java_frame(match) for match in _JAVA_FRAME.finditer(stack)]
    for pattern in (_RUBY_FRAME, _GO_FRAME, _PHP_FRAME):
        found += map(_frame, pattern.finditer(stack))
    if not found:
        found = [_frame(match) for match in _JS_FRAME.finditer(stack)]
    return tuple(dict.fromkeys(frame for frame in found if frame.file))[:_FRAMES]


def file_of(address: str) -> str:
    """The folders and the file in an address or a path of a frame: `./src/a.ts` of `webpack:///./src/a.ts?1`.

    Hosts stay as the first folder: whoever compares with a repository looks at the end.
    """
    bare = address[:_PATH_CHARS].partition("?")[0].partition("#")[0].replace("\\", "/")
    parts = [part for part in bare.split("/") if part not in {"", ".", "..", "~"} and not part.endswith(":")]
    return "/".join(parts)


def _frame(match: re.Match[str]) -> Frame:
    groups = match.groupdict()
    function = groups.get("function") or groups.get("gecko") or ""
    return Frame(file_of(match["file"]), int(match["line"]), function)


def _java_frame(match: re.Match[str]) -> Frame:
    # `com.acme.shop.Cart.add(Cart.java:12)`: the package is the folder.
    folder = "/".join(part for part in match["package"].split(".")[:-2] if part)
    return Frame(f"{folder}/{match['file']}".strip("/"), int(match["line"]), match["function"])


def _some(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))[:_FOUND]
