r"""Redaction: takes secrets out of recorded text before anything else reads it.

Belongs here: running the rules over whole batches of rrweb JSON at once, and the rules that need to see JSON structure.
Does not: what a secret looks like (`redaction_rules.py`), where redaction is called, decompression.

A JSON text is never parsed. Once `\\` and `\"` are single characters every `"` is a delimiter, so splitting there
gives what lies outside and inside of strings in turn; only the insides that are no keys are ever rewritten. Structure,
keys and bare scalars therefore survive by construction, and each rewritten string is checked to be valid JSON again.
"""

import re
from collections.abc import Iterable, Iterator

import polars as pl

from retrace_core.redaction_patterns import (
    BACKSLASH,
    CREDENTIAL_HEADER,
    CREDENTIAL_INPUT,
    CREDENTIAL_KEY,
    GEOMETRY,
    GEOMETRY_KEYS,
    HALF_TYPED_CARD,
    HALF_TYPED_EMAIL,
    KEEP,
    NO_CREDENTIAL,
    NUMBERS,
    QUOTE,
    SHORTEST_NUMBER,
)
from retrace_core.redaction_rules import CARD, EMAIL, HINTS, KEEPS, REDACTED, RULES

# Text handled at once, in bytes: small enough for the processor's cache, large enough to spread the fixed costs.
_SLICE_BYTES = 8_000_000
# Stands between JSON texts while they are handled as one; no JSON text can hold it unescaped.
_BETWEEN = "\x04"

# Names of secrets are shorter, in bytes; style sheets and bodies need not be tried as names.
_LONGEST_NAME = 100

_STRING = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"'
_SCALAR = r"(?:true|false|null|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)[ \t\r\n]*[,\]}]"
# JSON as far as its tokens go, at any depth of nesting: that is all that splitting relies on.
_JSON_TOKENS = rf"^[ \t\r\n]*(?:[\[{{]|{_STRING})(?:[ \t\r\n\[\]{{}}:,]|{_STRING}|{_SCALAR})*$"
_STRING_CONTENT = r'^(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*$'
# Printable ASCII written as an escape, at any depth of nesting.
_NEEDLESS_ESCAPE = r"(?:\\|\x02+)u00[2-7][0-9a-fA-F]"
_NEEDLESS_ESCAPE_CODE = re.compile(r"(\\|\x02+)u00(?!7[fF])([2-7][0-9a-fA-F])")


def redact(texts: pl.Series) -> pl.Series:
    """Replace every secret in JSON texts and plain texts by a constant token such as `[email]`.

    A JSON text comes back as JSON of the same shape: same keys, same bare scalars, strings for strings. Any other text,
    damaged JSON among it, is taken as plain text. Nulls stay null; nothing raises; redacting twice changes nothing.
    """
    texts = texts.cast(pl.String)
    is_json = texts.str.contains(_JSON_TOKENS).fill_null(value=False)
    json_at = is_json.arg_true()
    plain_at = (~is_json & texts.is_not_null()).arg_true()
    json_texts = [_redact_json(part) for part in _slices(texts.gather(json_at))]
    plain_texts = [_redact_plain(part) for part in _slices(texts.gather(plain_at))]
    redacted = texts.clone()
    for positions, parts in ((json_at, json_texts), (plain_at, plain_texts)):
        if parts:
            redacted = redacted.scatter(positions, pl.concat(parts))
    return redacted


def redact_text(text: str) -> str:
    """Redact one text by the same rules; lone surrogates become `?`, which no store could keep anyway."""
    return redact_texts([text])[0]


def redact_texts(texts: Iterable[str]) -> list[str]:
    """Redact each of many texts as `redact_text` does, in the time of a few."""
    encodable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    return redact(pl.Series(encodable, dtype=pl.String)).to_list()


def _slices(texts: pl.Series) -> Iterator[pl.Series]:
    """Cut a series into runs of about `_SLICE_BYTES` of text."""
    slice_of = texts.str.len_bytes().cum_sum() // _SLICE_BYTES
    start = 0
    for length in slice_of.rle().struct.field("len"):
        yield texts.slice(start, length)
        start += length


def _protect(texts: pl.Series) -> pl.Series:
    return texts.str.replace_many(["\\\\", '\\"'], [BACKSLASH, QUOTE])


def _unprotect(texts: pl.Series) -> pl.Series:
    return texts.str.replace_many([BACKSLASH, QUOTE], ["\\\\", '\\"'])


def _plain_ascii(texts: pl.Series) -> pl.Series:
    """Write printable ASCII plainly: `\u0040` must not hide an address, nor `p\u0061ssword` a name."""
    escaped = texts.str.contains(_NEEDLESS_ESCAPE).arg_true()
    if escaped.is_empty():
        return texts
    plain = [_NEEDLESS_ESCAPE_CODE.sub(_written_plainly, text) for text in texts.gather(escaped)]
    return texts.clone().scatter(escaped, pl.Series(plain, dtype=pl.String))


def _written_plainly(escape: re.Match[str]) -> str:
    """The character of an escape; a quotation mark or backslash keeps the backslashes its depth of nesting needs."""
    depth = 0 if escape[1] == "\\" else len(escape[1])
    character = chr(int(escape[2], 16))
    if character == '"':
        return BACKSLASH * max(0, 2 * depth - 1) + QUOTE
    return BACKSLASH * max(1, 2 * depth) if character == "\\" else character


def _suspicious(texts: pl.Series) -> pl.Series:
    """Find the positions where a rule may find something: two cheap passes that spare most texts all others."""
    long = (texts.str.len_bytes() >= SHORTEST_NUMBER).arg_true()
    numbers = long.filter(texts.gather(long).str.contains(NUMBERS))
    hinted = texts.str.contains_any([*HINTS], ascii_case_insensitive=True).arg_true()
    return pl.concat([hinted, numbers]).unique().sort()


def _apply_rules(texts: pl.Series) -> pl.Series:
    """Run the rules over protected texts, each rule only where its hints are."""
    text = pl.col("text")
    kept = text
    for keep in KEEPS:
        kept = kept.str.replace_all(keep.pattern, keep.replacement)
    numbers = text.str.contains(NUMBERS)
    hinted = texts.to_frame("text").select(
        kept,
        *(
            (text.str.contains_any([*rule.hints], ascii_case_insensitive=True) if rule.hints else numbers).alias(
                rule.name
            )
            for rule in RULES
        ),
    )
    texts = hinted["text"]
    for rule in RULES:
        at = hinted[rule.name].arg_true()
        if not at.is_empty():
            texts = texts.scatter(at, texts.gather(at).str.replace_all(rule.pattern, rule.replacement))
    return texts.str.replace_all(KEEP, "", literal=True)


def _redact_plain(texts: pl.Series) -> pl.Series:
    """Redact texts without structure."""
    # The marks of protected text are ours alone.
    protected = _plain_ascii(_protect(texts.str.replace_all(r"[\x01-\x04]", "\ufffd")))
    at = _suspicious(protected)
    if at.is_empty():
        return texts
    return texts.clone().scatter(at, _unprotect(_apply_rules(protected.gather(at))))


def _redact_json(texts: pl.Series) -> pl.Series:
    """Redact texts that are JSON by their tokens: rewrite insides of strings, never what is between them."""
    joined = texts.str.join(_BETWEEN)
    pieces = _protect(joined).str.split('"').explode()
    outside, inside = pieces.gather_every(2), pieces.gather_every(2, 1)
    if joined.str.contains("u00", literal=True).any():
        inside = _plain_ascii(inside)
    rewritten = _rewrite(outside, inside)
    if rewritten.is_empty():
        return texts
    pieces = pieces.scatter(rewritten["at"] * 2 + 1, rewritten["text"])
    return _unprotect(pieces.str.join('"')).str.split(_BETWEEN).explode()


def _rewrite(outside: pl.Series, inside: pl.Series) -> pl.DataFrame:
    """Find the strings to change: `at`, their position among the strings, and their new `text`, still protected.

    String `i` stands between `outside[i]` and `outside[i + 1]`.
    """
    strings = _suspicious_strings(outside, inside)
    masked = _masked(strings, outside, inside)
    contents = strings.filter(~pl.col("is_key")).join(masked, on="at", how="anti")
    half_typed = pl.col("key").is_in(["text", "value"]) & pl.col("text").str.contains(HALF_TYPED_EMAIL)
    half_card = (pl.col("key") == "text") & pl.col("text").str.contains(HALF_TYPED_CARD)
    # The same style sheets and texts come again and again: each is read once.
    distinct = contents.select(pl.col("text").unique())["text"]
    ruled = pl.DataFrame({"text": distinct, "new": _apply_rules(distinct)})
    redacted = contents.join(ruled, on="text").with_columns(
        new=pl.when(half_typed).then(pl.lit(EMAIL)).when(half_card).then(pl.lit(CARD)).otherwise("new")
    )
    changed = redacted.filter(pl.col("new") != pl.col("text")).select("at", text=_unless_broken(pl.col("new")))
    return pl.concat([changed, masked.with_columns(text=pl.lit(REDACTED))])


def _unless_broken(protected: pl.Expr) -> pl.Expr:
    """Give up a string whole rather than write one that is not valid inside of quotation marks."""
    text = protected.str.replace_all(rf"[{QUOTE}{BACKSLASH}]", "")
    return pl.when(text.str.contains(_STRING_CONTENT)).then(protected).otherwise(pl.lit(REDACTED))


def _suspicious_strings(outside: pl.Series, inside: pl.Series) -> pl.DataFrame:
    """List the strings a rule may concern: `at`, `text`, what is `before` and `after`, `is_key`, and its own `key`."""
    at = _suspicious(inside)
    found = pl.DataFrame(
        {
            "at": at,
            "text": inside.gather(at),
            "before": outside.gather(at).str.strip_chars(),
            "after": outside.gather(at + 1).str.strip_chars(),
            "previous": inside.gather(at - (at > 0).cast(at.dtype)),
        }
    ).with_columns(
        is_key=pl.col("after").str.starts_with(":"),
        key=pl.when(pl.col("before") == ":").then("previous"),
    )
    drawn = pl.col("key").is_in(GEOMETRY_KEYS) & pl.col("text").str.contains(GEOMETRY)
    return found.filter(~drawn.fill_null(value=False)).drop("previous")


def _masked(strings: pl.DataFrame, outside: pl.Series, inside: pl.Series) -> pl.DataFrame:
    """Find the strings that are secret by where they stand, as one column `at`."""
    text, key, after, secret_name, secret_header = map(pl.col, ("text", "key", "after", "secret_name", "secret_header"))
    strings = strings.filter(text.str.len_bytes() <= _LONGEST_NAME).with_columns(
        secret_name=text.str.contains(CREDENTIAL_KEY), secret_header=text.str.contains(CREDENTIAL_HEADER)
    )
    secret_field = (key.is_in(["type", "autocomplete"]) & text.str.contains(CREDENTIAL_INPUT)) | (
        key.is_in(["name", "id", "key", "field", "header"]) & (secret_name | secret_header)
    )
    named = strings.filter("is_key", secret_name, after == ":")["at"] + 1
    listed = strings.filter("is_key", secret_header, after == ":[")["at"] + 1
    paired = strings.filter(pl.col("before").str.ends_with("["), secret_header, after == ",")["at"] + 1
    fields = strings.filter(secret_field)["at"]

    paired = paired.filter(paired < len(inside))
    positions = [named, paired.filter(outside.gather(paired + 1).str.strip_chars_start().str.starts_with("]"))]
    if not (listed.is_empty() and fields.is_empty()):
        # Strings with no bracket between them are of one list, or of one object without inner objects.
        run = outside.str.contains(r"[\[\]{}]").cum_sum()
        values = ((inside == "value") | (inside == "content")).arg_true()
        values = values.filter(run.gather(values).is_in(run.gather(fields).implode()))
        positions.append(values.filter(outside.gather(values + 1).str.strip_chars() == ":") + 1)
    if not listed.is_empty():
        positions.append(run.head(len(inside)).is_in(run.gather(listed).implode()).arg_true())
    at = pl.concat(positions).unique()
    at = at.filter(at < len(inside))
    return pl.DataFrame({"at": at.filter(~inside.gather(at).str.contains(NO_CREDENTIAL))})
