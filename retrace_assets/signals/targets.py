"""Naming a control: the same control in every session, whatever its rrweb id.

Belongs here: the stable identity of what was clicked, and the words a person reads for it. Does not: finding the
control in the recorded page (intake).
"""

import polars as pl

from retrace_assets.signals.findings import ELEMENT
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import parametrise_message

# What masking recorders put in the place of a name is no name.
_MASKED = r"^[*•\s]*$"

_REPEATED_ROLES = (
    *("checkbox", "radio", "switch", "slider", "spinbutton", "option", "menuitemcheckbox", "menuitemradio"),
    *("scrollbar", "textbox", "searchbox", "combobox", "listbox"),
)
_REPEATED_TAGS = (
    *("canvas", "video", "audio", "iframe", "object", "embed", "area", "map"),
    *("select", "option", "textarea", "label", "summary", "progress", "meter"),
)
_REPEATED_NAMES = (
    r"(?i)^\s*(?:[+\-−–<>‹›«»←→↑↓▲▼◀▶]+"
    r"|(?:go to )?(?:the )?(?:next|prev|previous|back|forward|first|last)(?: (?:page|slide|item|month|year|day|week))?"
    r"|(?:go to )?page \d+"
    r"|(?:increase|decrease|increment|decrement|zoom in|zoom out|plus|minus|undo|redo"
    r"|(?:add|remove) one|one (?:more|less|fewer))(?: .*)?)\s*$"
)
_BARE_NAMES = r"(?i)^\s*(?:next|prev|previous|back|forward)\s*$"
# Test ids made from the number or id of what they belong to: `add-1234`, `row-8f14e45f`.
_VALUE_IN_TEST_ID = (
    r"[0-9]{3,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\b(?:[0-9]+[a-f]+|[a-f]+[0-9]+)[0-9a-f]{6,}\b"
)


def with_target(clicks: pl.DataFrame) -> pl.DataFrame:
    """Add to rows with `target_*` columns who was clicked.

    `target`: test id, else role and name, else CSS path; numbers in a name do not count, since `Cart (2)` becomes
    `Cart (3)`. Null when the recording names none of them. `control`: the same, else the rrweb node, which holds within
    one page only. `label`: what a person reads. `element`: all that is known, for the evidence.
    """
    name = pl.when(~pl.col("target_name").str.contains(_MASKED)).then(pl.col("target_name").str.strip_chars())
    named = clicks.with_columns(_name=name, _kind=pl.coalesce("target_role", "target_tag", pl.lit("element")))
    stable_name = map_distinct(named["_name"], parametrise_message)
    return (
        named.with_columns(stable_name.alias("_stable_name"))
        .with_columns(target=_identity(), label=_label(), element=_element())
        .with_columns(control=pl.coalesce("target", pl.format("node={}", "node_id")))
        .drop("_name", "_kind", "_stable_name")
    )


def _identity() -> pl.Expr:
    # format() of a null is null, so the first that is known wins.
    return pl.coalesce(
        pl.format("testid={}", pl.col("target_test_id").str.replace_all(_VALUE_IN_TEST_ID, "<id>")),
        pl.format('{} "{}"', "target_role", "_stable_name"),
        pl.format("css={}", "target_css"),
        pl.format('{} "{}"', "target_tag", "_stable_name"),
    )


def _label() -> pl.Expr:
    return pl.coalesce(
        pl.format("{} “{}”", "_kind", "_name"),
        pl.format("{} [{}]", "_kind", "target_test_id"),
        pl.format("{} {}", "_kind", "target_css"),
        pl.col("_kind"),
    ).str.slice(0, 80)


def _element() -> pl.Expr:
    return pl.struct([pl.col(f"target_{field.name}").alias(field.name) for field in ELEMENT.fields])


def is_for_repeated_use(*, words: bool = True) -> pl.Expr:
    """Whether `target_*` columns describe what is clicked again and again, or answers in its own way.

    Without `words`, a name that is `Next` or `Back` alone does not say so.
    """
    role, tag = pl.col("target_role"), pl.col("target_tag")
    other_input = (tag == "input") & role.ne_missing("button")
    made_for_it = (
        role.is_in(_REPEATED_ROLES),
        tag.is_in(_REPEATED_TAGS),
        pl.col("target_name").str.contains(_REPEATED_NAMES)
        & (~pl.col("target_name").str.contains(_BARE_NAMES) | words),
        other_input,
    )
    return pl.any_horizontal(reason.fill_null(value=False) for reason in made_for_it)
