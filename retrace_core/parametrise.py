r"""Templates: what stays of a message, a URL or a stack once all that differs between visits is taken out.

Belongs here: which parts of a text are values, and what stands for them. Does not: which templates make two findings
one bug (the detectors), or hiding secrets (redaction, whose tokens such as `[email]` stay as they are).

Messages
    `<n>` number, `<size>`, `<duration>`, `<time>`, `<date>`, `<ip>`, `<uuid>`, `<hash>`, `<id>`, `<str>` a quoted value
    after `=`, `<url>` an address without a path, `<data>` one endless word. Other addresses become their route, which
    tells one missing chunk from another. Codes that tell bugs apart stay: HTTP statuses and React's error numbers.
Routes
    `:id` for a path segment that is a value, `<hash>` and `<n>` inside of a file's name: `/assets/index-<hash>.js`.
Frames
    `function@route-of-its-file`.

All of this is read from hostile pages: every function takes any text, reads a bounded part of it in linear time and
never raises. A template is its own template.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

# Read of a text, in characters; what a page prints beyond is data.
_RAW_CHARS: Final = 16_000
_MESSAGE_CHARS: Final = 1_000
_URL_CHARS: Final = 4_096
_STACK_CHARS: Final = 32_000
_LINE_CHARS: Final = 2_000
# Far beyond any application's routes; together they keep a template below _URL_CHARS.
_SEGMENTS: Final = 32
_SEGMENT_CHARS: Final = 64
# Longer stacks are recursions.
_FRAMES: Final = 60
# Headlines as slugs: routes that people named have fewer words.
_SLUG_WORDS: Final = 6
# Distinct segments remembered: the routes of some hundred applications, at most 2 MB.
_REMEMBERED_NAMES: Final = 4_096

# Ends sentences, not addresses.
_PUNCTUATION: Final = ".,;:!?"
_CODE = r"(?:[cm]?[jt]sx?|css|map|vue|svelte|astro|wasm)"

# --- Routes ---------------------------------------------------------------------------------------------------------

_OPAQUE = re.compile(r"(?i)about:(?:blank|srcdoc)|(?:blob|data|javascript|mailto|sms|tel):")
_ORIGIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{0,30}:)?//[^/?#]*")
_OPERATION = re.compile(r"[?&]operationName=([A-Za-z_][A-Za-z0-9_]{0,63})(?=[&#]|$)")
_FILE = re.compile(rf"(?i)[^.].*\.(?:(?P<code>{_CODE})|[a-z]{{1,5}}[0-9]?)")
# What bundlers put before the suffixes: hex digits (webpack, Parcel), or 8 characters of base64url (Rollup, Vite) or
# base32 (esbuild), which may hold hyphens. 8 characters that read as words in kebab or camel case are words.
_ASSET_HASH = re.compile(
    r"(?:(?<=[-._~])|^)(?=[a-f]*[0-9])[0-9a-f]{6,64}(?=(?:\.[a-z]{1,8}){1,3}$)"
    r"|(?<=[-.])(?=[^.]*[A-Z0-9])(?![A-Za-z][a-z]*(?:-?[A-Z][a-z]{2,}|-[a-z]+)*\.)[A-Za-z0-9_-]{8}"
    r"(?=(?:\.[a-z]{1,8}){1,3}$)"
)
_NUMBER_PART = re.compile(r"(?<![^-_.~])\d+(?![^-_.~])")
_VERSION = re.compile(r"(?i)v\d{1,3}(?:\.\d{1,3}){0,2}(?:(?:alpha|beta|rc)\d?)?")
# A number of its own, as in `article-1`, or two digits within a part, as in `user42`; one digit is a name's: `oauth2`.
_NUMBERED = re.compile(r"(?<![^\W_])\d+(?![^\W_])|\d[^-_.~]*\d")
_HEX = re.compile(r"(?i)(?=[a-f]*\d)[0-9a-f]{8,}|[0-9a-f]{16,}")
_LETTER_ESCAPE = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
# Spaces, slashes and the like within a segment: someone's words. Redaction's tokens stand where a value was.
_FREE_TEXT = re.compile(r"%[0-7][0-9A-Fa-f]|\[[a-z-]{2,20}\]")
_NAMES_WITH_NUMBERS: Final = frozenset(
    ("a11y", "base64", "i18n", "l10n", "sha256", "sha512", "x509", "@vite", "@fs", "@id", "@react-refresh")
)


def route_template(url: str) -> str:
    """Name the page behind a URL: no origin and no query, `:id` for values; routes kept in the fragment are part of it.

    `https://shop.example/orders/12/?t=5#top` is `/orders/:id`, `/app/#/orders/12` is `/app/#/orders/:id`, `` is `/`.
    """
    path, fragment = _split(url)
    route = _path_template(path)
    view = _path_template(fragment.removeprefix("!")) if fragment.startswith(("/", "!/")) else "/"
    return route if view == "/" else f"{route.rstrip('/')}/#{view}"


def request_template(method: str, url: str) -> str:
    """Name what a request asks for: `POST /api/orders/:id`, with the operation if a GraphQL URL names it."""
    operation = _OPERATION.search(url[:_URL_CHARS])
    verb, *_ = method[:_SEGMENT_CHARS].upper().split() or ["GET"]
    asked = f"{verb} {_path_template(_split(url)[0])}"
    return f"{asked} {operation[1]}" if operation else asked


def _split(url: str) -> tuple[str, str]:
    """Cut a URL into path and fragment, both without queries."""
    # As browsers write spaces.
    address, _, fragment = "%20".join(url[:_URL_CHARS].split()).partition("#")
    origin = _ORIGIN.match(address)
    path = address[origin.end() :] if origin else address
    return path.partition("?")[0], fragment.partition("?")[0].partition("#")[0]


def _path_template(path: str) -> str:
    if opaque := _OPAQUE.match(path):
        return opaque[0].lower()
    segments = [_segment_template(part) for part in path.split("/", _SEGMENTS * 2)]
    return "/" + "/".join([segment for segment in segments if segment not in ("", ".")][:_SEGMENTS])


def _segment_template(segment: str) -> str:
    name = segment.partition(";")[0].rstrip(_PUNCTUATION)
    return _name_template(name) if len(name) <= _SEGMENT_CHARS else ":id"


@lru_cache(_REMEMBERED_NAMES)
def _name_template(name: str) -> str:
    template = name
    if file := _FILE.fullmatch(name):
        template = _file_template(name, is_code=file["code"] is not None)
    elif _is_value(name):
        template = ":id"
    return template if len(template) <= _SEGMENT_CHARS else ":id"


def _file_template(name: str, *, is_code: bool) -> str:
    hashless = _ASSET_HASH.sub("<hash>", name)
    if is_code:
        return _NUMBER_PART.sub("<n>", hashless)
    stem, dot, extension = name.rpartition(".")
    is_value = _FREE_TEXT.search(stem) or ("<hash>" not in hashless and _is_value(stem))
    return f":id{dot}{extension}" if is_value else hashless


def _is_value(name: str) -> bool:
    if name.lower() in _NAMES_WITH_NUMBERS or _VERSION.fullmatch(name):
        return False
    letters = _LETTER_ESCAPE.sub("", name)
    return bool(
        "@" in name
        or _FREE_TEXT.search(name)
        or _NUMBERED.search(letters)
        or _HEX.fullmatch(letters)
        or name.count("-") + name.count("_") >= _SLUG_WORDS - 1
    )


# --- Messages -------------------------------------------------------------------------------------------------------

_UNCAUGHT = re.compile(
    r"(?:(?:Error: )?[Uu]ncaught (?:\(in promise\):? ?|exception: )?|\(in promise\):? "
    r"|Unhandled (?:[Pp]romise )?[Rr]ejection(?: \(\w{1,40}\))?: )+"
)
_STACK_BELOW = re.compile(r"\n\s*(?:at \S|End of stack for )")
# Spaces within a number, as French and other locales write it.
_THOUSANDS = re.compile(r"[\u00a0\u202f](?<=\d.)(?=\d{3})")
_MAY_HOLD_VALUES = re.compile(r"[\d/@=]|\.[a-z]|[iI][dD]\b|[a-fA-F]{32}")
_PART = "<(?:hash|n)>"
# Brackets only in pairs: `args[]`, `[token]`; a lone one is the sentence's, like the punctuation at the end.
_ADDRESS = rf"(?:[^\s\"'`<>(){{}}|^\[\]]|\[[\w-]*\]|{_PART})"
_QUOTED = r"(?:\"[^\"]{1,300}\"|'[^']{1,300}')"
# Each begins where no letter or digit stands before it; the order matters.
_VALUE_PATTERNS: Final = {
    "url": rf"(?<![\w/<>.)\]}}+-])[A-Za-z][A-Za-z0-9+.-]{{1,30}}+://{_ADDRESS}*",
    "path": rf"(?<![\w/<>.)\]}}+-])\.{{0,2}}/{_ADDRESS}*",
    "data": r"(?<![_>])data:[a-z]{1,20}/[^\s\"'`)]*",
    "email": r"(?<![\w.+>\]-])[\w.+-]{1,64}+@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}(?!\w)",
    "uuid": r"(?<!<n>)[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![^\W_])",
    "date": r"(?<![\w.:>-])\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-])"
    r"|(?<![\w./>-])\d{1,4}/\d{1,2}/\d{2,4}(?![\w/])",
    "time": r"(?<![\w:.>-])\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\b\.?|Z\b)?(?![\w:])",
    "ip": r"(?<![\w.>-])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.:])",
    "code": r"(?i:status(?:[ _]?code)?\"?(?: of|[:=])? ?[1-5]\d\d\b|HTTP [1-5]\d\d\b|react error #\d{1,4}\b)",
    "id": r"(?<![_>])\w{2,40}+(?:(?<=\bid)|(?<=\bI[dD])|(?<=_id)|(?<=[a-z]I[dD]))(?:\s?[:=]\s?|\s)" + _QUOTED,
    "file": rf"(?<![\w.@~>\]-])(?=[\w@~<>-]++\.)(?:[\w@~-]|{_PART})(?:[\w.@~-]|{_PART})*\.{_CODE}"
    r"(?::\d+){0,2}(?![\w.])",
    "hash": r"(?<!<n>)(?:0x[0-9A-Fa-f]{1,64}|[0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{8}(?:[0-9A-Fa-f]{24})?)?"
    r"|(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{7,128}|(?=(?:\d*[A-F]){2})(?=(?:[A-F]*\d){2})[0-9A-F]{6,128})(?![^\W_])",
    "token": r"(?<!<n>)(?=[A-Za-z]*+\d++[A-Za-z]++\d)[A-Za-z0-9]{10,256}(?![^\W_])",
    # A sign counts only before what is a number to its end: `-5px`, but not `-3f2a1b9c`.
    "n": r"(?:(?<![\w)\]>])[-+\u2212](?=[\d.,]+(?:[eE][-+]?\d+)?[A-Za-z]{0,3}(?!\w)))?"
    r"\d+(?:[.,'_]\d+)*(?:[eE][-+]?\d+)?",
}
_VALUES = re.compile(
    r"(?<![^\W_])(?:"
    + "|".join(f"(?P<{name}>{pattern})" for name, pattern in _VALUE_PATTERNS.items())
    # Up to four digits within a word are its name: `utf8`, `NG0100`.
    + rf")|(?P<digits>\d{{5,}})|(?P<str>=\s?(?:\"\"|''|{_QUOTED})(?!/))"
)
# What stands for a value whose placeholder is not its kind. Redaction's token stands for addresses it has not seen yet.
_PLACEHOLDERS: Final = {"email": "[email]", "data": "<url>", "digits": "<n>", "str": "=<str>", "token": "<id>"}
_POSITION = re.compile(r"(?::\d+){1,2}$")
_SIZE = re.compile(r"(?<!/)<n> ?(?:[kKMGT]i?B|[Bb]ytes?|B)(?!\w)")
_LENGTH = r"<n>(?: ?(?:ms|[µμn]s|m?secs?|(?:milli)?seconds?|min(?:ute)?s?|h(?:ou)?rs?|days?|s)|[mhd])(?!\w)"
_DURATION = re.compile(rf"(?<!/){_LENGTH}(?:,? ?{_LENGTH})*")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DAY = r"<n>(?:st|nd|rd|th)?"
_WRITTEN_DATE = re.compile(
    rf"(?:\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{{0,6}},? )?(?:\b{_MONTH} {_DAY},?|{_DAY} {_MONTH}) <n>(?!\w)"
)
_DATE_TIME = re.compile(r"<date>(?:,| at)? <time>(?: (?:GMT|UTC)(?:[+-]?<n>)?(?: \([^()]{1,60}\))?)?")
# A value that touches another is only seen once that one is gone; a page that glues five is welcome to its own bug.
_GLUED = re.compile(r"[>\]][\w\"'=/@#:]|[\w:]<")
_ROUNDS: Final = 4


def parametrise_message(text: str) -> str:
    """Take the values out of what a console line or an exception says, as one line of at most 1,000 characters.

    What browsers and recorders wrap around the same error goes too: quotes of JSON, `Uncaught (in promise)`, a stack.
    """
    template = _without_values(_unwrapped(text[:_RAW_CHARS]))
    for _ in range(_ROUNDS):
        unwrapped = _unwrapped(template)
        if unwrapped == template and not _GLUED.search(template):
            break
        again = _without_values(unwrapped)
        if again == template:
            break
        template = again
    return template


def _unwrapped(text: str) -> str:
    """Take off every layer of quotes and prefixes."""
    while True:
        message = _STACK_BELOW.split(_unquoted(text), maxsplit=1)[0]
        said = " ".join(_THOUSANDS.sub("", message).split())
        if prefix := _UNCAUGHT.match(said):
            said = said[prefix.end() :]
        if said == text:
            return _cut(said)
        text = said


def _unquoted(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def _cut(text: str) -> str:
    """Shorten between words, since half a value is another value; one endless word says nothing."""
    if len(text) <= _MESSAGE_CHARS:
        return text
    return text[: _MESSAGE_CHARS + 1].rpartition(" ")[0] or "<data>"


def _without_values(text: str) -> str:
    if not _MAY_HOLD_VALUES.search(text):
        return text
    template = _VALUES.sub(_placeholder, text)
    if "<n>" in template:
        template = _SIZE.sub("<size>", _WRITTEN_DATE.sub("<date>", template))
        template = _DURATION.sub("<duration>", template)
    if "<date>" in template:
        template = _DATE_TIME.sub("<date>", template)
    return _cut(template)


def _placeholder(value: re.Match[str]) -> str:
    kind, found = str(value.lastgroup), value[0]
    if kind in ("url", "path"):
        return _address_placeholder(found, is_url=kind == "url")
    if kind == "file":
        return _segment_template(_POSITION.sub("", found))
    if kind == "code":
        return found
    if kind == "id":
        quote = found[-1]
        return found[: found.index(quote)] + "<id>"
    return _PLACEHOLDERS.get(kind, f"<{kind}>")


def _address_placeholder(found: str, *, is_url: bool) -> str:
    address = found.rstrip(_PUNCTUATION)
    route = route_template(_POSITION.sub("", address))
    return ("<url>" if is_url and route == "/" else route) + found[len(address) :]


# --- Frames ---------------------------------------------------------------------------------------------------------

_LOCATION = re.compile(r"(?P<file>\S+?)(?::\d+){1,2}")
_PAGE_CODE = re.compile(rf"(?i)[a-z][a-z0-9+.-]{{0,30}}:/|\.{{0,2}}/|[^:]*\.{_CODE}$")
_FOREIGN = re.compile(
    r"(?i)(?:[a-z-]+-extension|node|internal|native|webkit-masked-url|about|debugger|wasm):"
    r"|(?:.*/)?(?:node_modules|bower_components|vendors?)/"
    r"|(?:.*/)?(?:chunk-)?(?:vendors?|polyfills?|jquery|react-dom)(?:[-.~_][^/]*)?\.m?js(?:\?|$)"
)
_CALL_KIND = re.compile(r"(?:async |new |get |set |static |bound )+")
_ALIAS = re.compile(r" \[as [^\]]*\]$")
_FUNCTION = re.compile(r"#?(?:[^\W\d]|\$)[\w$]*")
# Minifiers give one and two letter names anew in every build: they tell releases apart, not bugs.
_MINIFIED_CHARS: Final = 2


def top_in_app_frame(stack: str) -> str | None:
    """Name where in the application's own code a stack begins, `addUp@/assets/cart-<hash>.js`; None if nowhere.

    Reads the stacks of Chrome, Firefox and Safari and the frames of rrweb's console plugin. Not the application's are
    packages, vendor bundles, extensions, native and evaluated code. A function is its last name (`Cart.total` of Chrome
    is `total` elsewhere) and left out if it has none or a minifier's.
    """
    for function, location in _frames(stack[:_STACK_CHARS]):
        if _PAGE_CODE.match(location) and not _FOREIGN.match(location):
            name = _function_name(function)
            file = route_template(location)
            return f"{name}@{file}" if name else file
    return None


def _frames(stack: str) -> Iterator[tuple[str, str]]:
    """Yield functions and files, without positions, of the lines that are frames."""
    for line in stack.split("\n", _FRAMES)[:_FRAMES]:
        function, place = _frame_parts(line[:_LINE_CHARS].strip())
        if location := _LOCATION.fullmatch(place):
            yield function, location["file"]


def _frame_parts(line: str) -> tuple[str, str]:
    """Cut a line into function and place: `at f (place)`, `f (place)`, `f@place`, or a place alone."""
    call = line.removeprefix("at ")
    if call.endswith(")") and " (" in call:
        function, _, place = call[:-1].partition(" (")
        is_frame = call != line or " " not in _ALIAS.sub("", _CALL_KIND.sub("", function))
        return (function, place) if is_frame else ("", "")
    if call != line or _ORIGIN.match(line):
        return "", _CALL_KIND.sub("", call)
    function, at, place = line.partition("@")
    return (function, place) if at else ("", line)


def _function_name(function: str) -> str:
    """Reduce `new Cart`, `Object.f [as g]`, `async*f`, `outer/f<` to the innermost name, empty if that has none."""
    called = _ALIAS.sub("", _CALL_KIND.sub("", function))
    innermost = called.rpartition("*")[2].rpartition("/")[2].rpartition(".")[2].removesuffix("<")
    is_name = _FUNCTION.fullmatch(innermost) and innermost != "anonymous" and len(innermost) > _MINIFIED_CHARS
    return innermost if is_name else ""
