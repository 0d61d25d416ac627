"""What added lines may not hold: secrets, characters that deceive who reads them, new ways out of the app.

Belongs here: looking at lines. Does not: which lines (gate), the shapes of secrets (retrace_core.redaction_rules).
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import polars as pl

from retrace_core.redaction_rules import RULES

# Secrets by their own shape. A name and a value beside it, which redaction also takes, is what code is made of.
_SHAPES: Final = (
    *("private_key", "url_user_info", "jwt", "cloud_key", "forge_token", "chat_token", "chat_webhook", "payment_key"),
    *("model_provider_key", "registry_token", "messaging_key", "platform_token"),
)
_PATTERNS: Final = tuple(rule.pattern for rule in RULES if rule.name in _SHAPES)
# Beside a secret name only a literal that nobody would type is one: 20 characters with letters and digits, no spaces.
_NAMED: Final = next(rule.pattern for rule in RULES if rule.name == "quoted_secret")
_LITERAL: Final = re.compile(r"([\"'`])(?=[^\"'`]*[0-9])(?=[^\"'`]*[A-Za-z])[A-Za-z0-9+/_=.~!@#$%^&*-]{20,}\1")

# Cf holds direction marks and other invisible ones (CVE-2021-42574, "Trojan Source"), Cc control characters.
_DECEIVING: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
# Joiners that words of several scripts and some emoji are written with.
_JOINERS: Final = frozenset("\u200c\u200d")

# Starting a program or running text as code, in the languages of web apps. `.exec(` is a regular expression's.
_PROGRAM_CALL: Final = re.compile(
    r"\bchild_process\b|\b(?:exec|execFile|spawn)Sync\b|\bexecFile\b|(?<![.\w])(?:exec|eval|system|popen|passthru"
    r"|shell_exec|proc_open)\s*\(|\bnew\s+Function\b|\bsubprocess\b|\bos\.(?:system|popen|exec\w*|spawn\w*|fork)\b"
    r"|\basyncio\.create_subprocess\w*|\bRuntime\.getRuntime\b|\bProcessBuilder\b|\bProcess\.Start\b"
    r"|\b(?:Kernel|Process|IO|Open3)\.(?:exec|system|spawn|popen\w*|capture\w*)\b|\bDeno\.(?:run|Command)\b"
    r"|\bBun\.spawn|\bvm\.(?:run\w+|Script)\b|\b__import__\b|\bpickle\.loads?\b|\bexec\.Command\b"
)
_ADDRESS: Final = re.compile(
    r"\b(?:https?|wss?|s?ftps?|ssh|git)://[^\s\"'`<>)\\]+|(?<=[\"'`(=])//[\w-]+(?:\.[\w-]+)+[^\s\"'`<>)\\]*",
    re.IGNORECASE,
)
# Names of this machine, of no machine (RFC 2606), and of XML's vocabularies, which nobody fetches.
_NOWHERE: Final = re.compile(
    r"(?:\w+:)?//(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|(?:[\w-]+\.)*(?:example(?:\.(?:com|org|net))?|test"
    r"|invalid|localhost)|www\.w3\.org)(?::\d+)?(?:[/?#].*)?",
    re.IGNORECASE,
)


def program_call(line: str) -> str:
    """What in a line starts a program or runs text as code; empty when nothing does."""
    found = _PROGRAM_CALL.search(line)
    return found[0] if found else ""


def network_address(line: str) -> str:
    """The first address of another machine in a line; empty when there is none."""
    return next((found[0] for found in _ADDRESS.finditer(line) if not _NOWHERE.fullmatch(found[0])), "")


def secret_in(lines: Sequence[str]) -> int | None:
    """The position of the first line that holds a secret."""
    texts = pl.Series(lines, dtype=pl.String)
    shaped = pl.any_horizontal(*(texts.str.contains(pattern).alias(str(at)) for at, pattern in enumerate(_PATTERNS)))
    frame = pl.select(shaped.alias("shaped"), texts.str.contains(_NAMED).alias("named"))
    for at, (is_shaped, is_named) in enumerate(frame.iter_rows()):
        if is_shaped or (is_named and _LITERAL.search(lines[at])):
            return at
    return None


def deceiving_character(line: str) -> str:
    """The first character of a line that is not what it seems, as `U+202E`; empty when all are."""
    if line.isprintable():
        return ""
    # A carriage return belongs to the line's end, and hides what is before it anywhere else.
    for character in line.removesuffix("\r"):
        if character != "\t" and is_deceiving(character):
            return f"U+{ord(character):04X}"
    return ""


def is_deceiving(character: str) -> bool:
    """Whether a character cannot be seen, or changes how others are."""
    return character not in _JOINERS and unicodedata.category(character) in _DECEIVING
