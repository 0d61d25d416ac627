"""Reading model files: what the header says, what the SELECT reads, in which order, and what is refused."""

from pathlib import Path

import pytest

from retrace_assets.models.model import Check, Model, load_models, with_upstream
from retrace_core.errors import ErrorCode, RetraceError

HEADER = """\
-- description: What it holds,
--   over two lines.
-- grain: one row an issue
-- owners: team:analysts, ada@example.com
-- column: issue_id: Public id: bug_….
-- column: status: Where it stands.
-- test: unique(issue_id)
-- test: not_null(issue_id, status)
-- test: accepted(status: new, it's over)
"""
BODY = "SELECT issue_id, status FROM issues;\n"


def write(folder: Path, **files: str) -> Path:
    """A folder of models; `tests__name` is a file of tests/."""
    for name, text in files.items():
        path = folder / "tests" / f"{name[6:]}.sql" if name.startswith("tests_") else folder / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def names(models: tuple[Model, ...]) -> list[str]:
    """Names of models in order."""
    return [model.name for model in models]


def test_a_model_is_what_its_header_and_select_say(tmp_path: Path) -> None:
    [model] = load_models(write(tmp_path, state=HEADER + BODY))

    assert model == Model(
        name="state",
        description="What it holds, over two lines.",
        grain="one row an issue",
        owners=("team:analysts", "ada@example.com"),
        columns={"issue_id": "Public id: bug_….", "status": "Where it stands."},
        checks=(
            Check(
                "unique_issue_id",
                "unique(issue_id)",
                "SELECT issue_id FROM state GROUP BY issue_id HAVING count(*) > 1",
                blocking=True,
            ),
            Check(
                "not_null_issue_id_status",
                "not_null(issue_id, status)",
                "SELECT issue_id, status FROM state WHERE issue_id IS NULL OR status IS NULL",
                blocking=True,
            ),
            Check(
                "accepted_status",
                "accepted(status: new, it's over)",
                "SELECT status FROM state WHERE status NOT IN ('new', 'it''s over')",
                blocking=True,
            ),
        ),
        refs=("issues",),
        code_version=model.code_version,
        sql="SELECT issue_id, status FROM issues",
    )


def test_the_code_version_is_that_of_the_select_alone(tmp_path: Path) -> None:
    write(
        tmp_path, a=HEADER + BODY, b=HEADER.replace("it's over", "gone") + "-- why\nselect issue_id,status from issues"
    )
    a, b = load_models(tmp_path)

    assert a.code_version == b.code_version


def test_models_come_after_those_they_read(tmp_path: Path) -> None:
    read_from = "SELECT issue_id, status FROM {}"
    write(
        tmp_path,
        a=HEADER + read_from.format("b"),
        b=HEADER + read_from.format("c"),
        c=HEADER + BODY,
        d=HEADER + BODY,
    )
    models = load_models(tmp_path)

    assert names(models).index("c") < names(models).index("b") < names(models).index("a")
    assert names(tuple(with_upstream(models, ["b", "issues", "nothing"]))) == ["c", "b"]


def test_models_that_read_each_other_are_refused_with_their_names(tmp_path: Path) -> None:
    write(tmp_path, a=HEADER + "SELECT issue_id, status FROM b", b=HEADER + "SELECT issue_id, status FROM a")

    with pytest.raises(RetraceError, match=r"a → b → a|b → a → b") as refused:
        load_models(tmp_path)
    assert refused.value.code is ErrorCode.MODEL_INVALID


def test_a_file_of_tests_becomes_a_check_that_only_warns(tmp_path: Path) -> None:
    write(tmp_path, state=HEADER + BODY, tests_state__few="-- There are few.\nSELECT status FROM state, replays")
    [model] = load_models(tmp_path)

    assert model.checks[-1] == Check("few", "There are few.", "SELECT status FROM state, replays", blocking=False)
    assert model.refs == ("issues",)


@pytest.mark.parametrize(
    ("files", "detail", "hint"),
    [
        ({"state": BODY}, "`-- description:`", ""),
        ({"state": HEADER.replace("-- test: unique", "-- tests: unique") + BODY}, "no `-- tests:`", "`test`"),
        ({"state": HEADER.replace("-- grain: one row an issue\n", "") + BODY}, "`-- grain:`", ""),
        ({"state": HEADER + "SELECT issue_id, status FROM isues"}, "no table or model `isues`", "`issues`"),
        ({"state": HEADER + "SELEC 1"}, "state.sql: line 10, column 1", ""),
        ({"state": HEADER + "DELETE FROM issues"}, "more than read", "start with SELECT"),
        ({"state": HEADER + "FROM read_csv('/etc/passwd')"}, "read_csv()", ""),
        ({"state": HEADER + BODY + "SELECT 2"}, "expected one statement, found 2", ""),
        ({"state": HEADER.replace("unique(issue_id)", "unique(isue_id)") + BODY}, "`isue_id`", "`issue_id`"),
        ({"state": HEADER.replace("unique(issue_id)", "uniq(issue_id)") + BODY}, "found `uniq(issue_id)`", ""),
        ({"state": HEADER.replace("unique(issue_id)", "accepted(issue_id)") + BODY}, "accepted() cannot be read", ""),
        ({"state": HEADER.replace("unique(issue_id)", "unique(issue_id: 3)") + BODY}, "unique() cannot be read", ""),
        ({"state": HEADER.replace("issue_id: Public", "Public") + BODY}, "`-- column: name: what it says`", ""),
        ({"state": HEADER + "-- test: unique(issue_id)\n" + BODY}, "two tests say the same", ""),
        ({"Upper": HEADER + BODY}, "lower case", ""),
        ({"two__parts": HEADER + BODY}, "without '__'", ""),
        ({"issues": HEADER + BODY}, "not as a table of the lake", ""),
        ({"state": HEADER + BODY, "tests_stat__x": "FROM issues"}, "<model>__<name>.sql", "`state`"),
        ({"state": HEADER + BODY, "tests_state__x": "FROM isues"}, "`isues`", "`issues`"),
        ({"state": HEADER + BODY, "tests_state": "FROM issues"}, "<model>__<name>.sql", ""),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_what_was_meant(
    tmp_path: Path, files: dict[str, str], detail: str, hint: str
) -> None:
    with pytest.raises(RetraceError) as refused:
        load_models(write(tmp_path, **files))
    assert refused.value.code is ErrorCode.MODEL_INVALID
    assert detail in refused.value.detail
    assert hint in refused.value.hint
