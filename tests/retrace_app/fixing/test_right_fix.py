"""A right fix, looked at from all sides: the commit, the draft pull request, what is shown of it."""

from pathlib import Path
from typing import NamedTuple

import pytest

from retrace_app.actions.fix import Fixed, list_fixes, show_fix
from retrace_app.demo.shop_repository import BRANCH, MENDED, SOURCE
from retrace_core.errors import RetraceError
from tests.retrace_app.fixing.conftest import RIGHT, Red, World, git, make_world, record_of, state_of

pytestmark = pytest.mark.slow


class Opened(NamedTuple):
    """A fix that was proposed, and the person's checkout before and after."""

    world: World
    done: Fixed
    before: dict[str, object]
    after: dict[str, object]


@pytest.fixture(scope="module")
def opened(red: Red, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    world = make_world(red, tmp_path_factory.mktemp("right"))
    before = state_of(world.shop.checkout)
    done = world.fix(RIGHT)
    return Opened(world, done, before, state_of(world.shop.checkout))


def test_fix_is_a_commit_on_a_branch_of_the_remote_with_the_test_beside_it(opened: Opened) -> None:
    world, done = opened.world, opened.done

    assert (done.status, done.applied, done.red, done.green) == ("opened", True, 1, 1), done.error
    assert git(world.shop.remote, "diff", "--name-only", BRANCH, done.branch).split("\n") == [
        SOURCE,
        f"tests/retrace/{world.incident.lower()}-ui.spec.ts",
    ]
    assert f"Retrace-Incident: {world.incident}" in git(world.shop.remote, "log", "-1", "--format=%B", done.branch)


def test_the_persons_checkout_is_as_it_was(opened: Opened) -> None:
    assert opened.after == opened.before


def test_pull_request_is_a_draft_that_shows_the_proof(opened: Opened) -> None:
    world, done = opened.world, opened.done

    assert record_of(world.settings)["draft"] is True
    text = Path(done.pr_url.removeprefix("file://")).read_text()
    assert "| 1 | red |" in text
    assert "| 1 | green |" in text
    assert world.show().fix_status == "fix_proposed"
    assert world.show().fix_pr_url == done.pr_url


def test_no_prompt_and_no_evidence_is_committed(opened: Opened) -> None:
    changed = git(opened.world.shop.remote, "diff", BRANCH, opened.done.branch)

    assert "untrusted" not in changed
    assert "fix-prompts" not in changed


def test_try_is_shown_with_its_patch(opened: Opened) -> None:
    settings, fix_id = opened.world.settings, opened.done.fix_id

    assert MENDED.strip() in show_fix(settings, fix_id)["patch"]
    assert show_fix(settings, opened.world.incident)["fix_id"] == fix_id
    with pytest.raises(RetraceError, match="fix_not_found"):
        show_fix(settings, "fix_0000000000000000")


def test_running_it_again_updates_the_same_branch_and_request(red: Red, tmp_path: Path) -> None:
    world = make_world(red, tmp_path)

    first, again = world.fix(RIGHT), world.fix(RIGHT)

    assert (again.status, again.branch, again.pr_url) == ("updated", first.branch, first.pr_url)
    assert [row["outcome"] for row in list_fixes(world.settings, world.incident, limit=2)] == ["updated", "opened"]
