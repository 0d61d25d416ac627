"""What a detector is told to leave alone: conditions on a finding, all of which must hold.

Belongs here: reading conditions, and which findings they match. Does not: who set them and where they hold (rules), or
what becomes of the consequences of a finding that is left alone (rows).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import polars as pl

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import public_id

# A condition longer than this is a mistake: names, routes and messages are cut at 500 characters.
LONGEST_CONDITION = 500
# What a `*` in a pattern may stand for is anything; a backslash takes that meaning away.
_PIECES = re.compile(r"\\[*\\]|\*|[^*\\]+|\\", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Conditions on a finding; an empty one is none.

    `selector` is the stable identity of a control (`signals.target`), `route` a route template and `request` a method
    and a request template (`POST /api/orders/:id`): whole, with `*` for any text. `message_contains` is part of the
    message or its template, `reason_code` one of the codes.
    """

    selector: str = ""
    route: str = ""
    request: str = ""
    message_contains: str = ""
    reason_code: str = ""

    @property
    def id(self) -> str:
        """Name of the suppression, `sup_…`: a hash of its conditions."""
        return public_id("sup_", *asdict(self).values())

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions that are set, by name."""
        return {name: value for name, value in asdict(self).items() if value}

    def __str__(self) -> str:
        """As a person reads it."""
        return ", ".join(f"{name} {value}" for name, value in self.conditions.items())


def read_suppression(conditions: Mapping[str, object]) -> Suppression:
    """Read conditions by name; raises `rule_invalid` for unknown, empty or overlong ones, and when there are none."""
    names = [field.name for field in fields(Suppression)]
    for name, value in conditions.items():
        if name not in names:
            raise _refusal(f"`{name}` is no condition", f"conditions: {', '.join(names)}")
        if not isinstance(value, str) or not value.strip():
            raise _refusal(f"`{name}` is {value!r}, expected a text", "")
        if len(value) > LONGEST_CONDITION:
            raise _refusal(f"`{name}` has {len(value)} characters, {LONGEST_CONDITION} at most", "")
    if not conditions:
        raise _refusal("a suppression without a condition would quiet everything", "switch the detector off instead")
    return Suppression(**{name: str(value) for name, value in conditions.items()})


def suppression_of(signal: Mapping[str, object]) -> Suppression:
    """What quiets one element for good: the control, request or message of a row of `signals`, on its route."""
    route = literal(str(signal["route"] or ""))
    if signal["target"]:
        return Suppression(selector=literal(str(signal["target"])), route=route)
    if signal["request"]:
        request = " ".join(str(part) for part in (signal["method"], signal["request"]) if part)
        return Suppression(request=literal(request), route=route)
    text = str(signal["template"] or signal["message"])[:LONGEST_CONDITION]
    return Suppression(message_contains=text, route=route)


def is_suppressed(suppressions: Sequence[Suppression]) -> pl.Expr:
    """Whether a finding meets all conditions of one of the suppressions."""
    return pl.any_horizontal(pl.lit(value=False), *(_holds(suppression) for suppression in suppressions))


def _holds(suppression: Suppression) -> pl.Expr:
    called = pl.concat_str("method", "request", separator=" ", ignore_nulls=True)
    wanted = {
        "selector": pl.col("target"),
        "route": pl.col("route"),
        "request": pl.when(pl.col("request").is_not_null()).then(called),
    }
    conditions = suppression.conditions
    held = [column.str.contains(_regex(conditions[name])) for name, column in wanted.items() if name in conditions]
    if text := suppression.message_contains:
        said = (pl.col("message"), pl.col("template"), pl.col("error").struct.field("message"))
        named = (column.str.contains(text, literal=True).fill_null(value=False) for column in said)
        held.append(pl.any_horizontal(named))
    if suppression.reason_code:
        held.append(pl.col("reason_codes").list.contains(suppression.reason_code))
    return pl.all_horizontal(condition.fill_null(value=False) for condition in held)


def literal(text: str) -> str:
    """A pattern that matches a text and nothing else: what a page calls its controls must not widen a suppression."""
    return text.replace("\\", "\\\\").replace("*", "\\*")[:LONGEST_CONDITION]


def _regex(pattern: str) -> str:
    pieces = (".*" if piece == "*" else pl.escape_regex(_plain(piece)) for piece in _PIECES.findall(pattern))
    return f"(?s)^{''.join(pieces)}$"


def _plain(piece: str) -> str:
    return piece[1] if piece in (r"\*", r"\\") else piece


def _refusal(detail: str, hint: str) -> RetraceError:
    return RetraceError(ErrorCode.RULE_INVALID, detail, hint=hint)
