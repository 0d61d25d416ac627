"""Column lineage: through CTEs, joins, unions and stars, and which columns may be shown."""

from pathlib import Path

import pytest

from retrace_assets.models.lineage import column_lineage, holds_page_text
from retrace_assets.models.model import Model, load_models

HEADER = """\
-- description: x
-- grain: x
-- owners: team:x
-- column: a: It.
-- test: not_null(a)
"""


def model(folder: Path, sql: str) -> Model:
    """A model with one column, `a`."""
    (folder / "m.sql").write_text(HEADER + sql)
    return next(each for each in load_models(folder) if each.name == "m")


@pytest.mark.parametrize(
    ("sql", "sources"),
    [
        ("SELECT title AS a FROM issues", {("issues", "title")}),
        ("SELECT count(*) AS a FROM issues", set()),
        ("SELECT 1 AS a", set()),
        ("SELECT max(i.sessions) AS a FROM issues AS i", {("issues", "sessions")}),
        ("WITH i AS (SELECT title AS t FROM issues) SELECT upper(t) AS a FROM i", {("issues", "title")}),
        ("WITH i AS (FROM issues) SELECT title AS a FROM i", {("issues", "title")}),
        ("SELECT title AS a FROM (SELECT * FROM issues)", {("issues", "title")}),
        (
            "SELECT coalesce(r.release, s.release) AS a FROM replays r JOIN signals s USING (session_id)",
            {("replays", "release"), ("signals", "release")},
        ),
        (
            "SELECT title AS a FROM issues UNION ALL SELECT url FROM signals",
            {("issues", "title"), ("signals", "url")},
        ),
        ("SELECT (SELECT max(day) FROM clusters) AS a FROM issues", {("clusters", "day")}),
        ("SELECT count(*) FILTER (status = 'new') AS a FROM issues", {("issues", "status")}),
        ("SELECT unnest(fingerprints) AS a FROM issues", {("issues", "fingerprints")}),
        ("SELECT list_transform(detectors, lambda d: d || '!') AS a FROM issues", {("issues", "detectors")}),
    ],
)
def test_a_column_comes_from_the_columns_its_values_are_made_of(
    tmp_path: Path, sql: str, sources: set[tuple[str, str]]
) -> None:
    each = model(tmp_path, sql)
    assert set(column_lineage(each, [each])["a"]) == sources


def test_a_column_of_another_model_is_named_as_that_models(tmp_path: Path) -> None:
    model(tmp_path, "SELECT title AS a FROM issues")
    (tmp_path / "m.sql").rename(tmp_path / "first.sql")
    each = model(tmp_path, "SELECT a FROM first")

    assert column_lineage(each, load_models(tmp_path))["a"] == (("first", "a"),)


@pytest.mark.parametrize(
    ("expression", "kind", "hidden"),
    [
        ("title", "VARCHAR", True),
        ("lower(title) || status", "VARCHAR", True),
        ("'Text of ours'", "VARCHAR", True),
        ("fingerprints || [title]", "VARCHAR[]", True),
        ("detectors", "VARCHAR[]", False),
        ("{'t': title}", "STRUCT(t VARCHAR)", True),
        ("status", "VARCHAR", False),
        ("issue_id || status", "VARCHAR", False),
        ("length(title)", "BIGINT", False),
        ("first_at", "TIMESTAMP", False),
    ],
)
def test_text_is_shown_only_when_it_is_made_of_our_own_words(
    tmp_path: Path, expression: str, kind: str, hidden: bool
) -> None:
    each = model(tmp_path, f"SELECT {expression} AS a FROM issues")
    assert holds_page_text("a", kind, column_lineage(each, [each])) is hidden
