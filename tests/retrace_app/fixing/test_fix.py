"""A right fix becomes a draft pull request; once merged its incident is resolved, and verified by the same test."""

import json
from pathlib import Path

import pytest

from retrace_app.actions.fix import FixHow, list_fixes, show_fix, verify_fix
from retrace_app.actions.reproduce import verify as verify_certificate
from retrace_app.demo.shop_repository import BRANCH, BROKEN, MENDED, NAME, SOURCE, START_COMMAND
from retrace_core.errors import ErrorCode, RetraceError
from tests.retrace_app.fixing.conftest import World, edits, git, python, record_of, state_of

pytestmark = pytest.mark.slow

RIGHT = python(edits(SOURCE, BROKEN, MENDED))
HOW = FixHow(repo=NAME, start_command=START_COMMAND)


@pytest.fixture(autouse=True)
def no_requests_before(world: World) -> None:
    """Each test has a remote of its own, so that no record of another's pull request may count."""
    for path in (world.settings.home / "pull-requests").rglob("*"):
        if path.is_file():
            path.unlink()


def test_fix_is_a_commit_on_a_branch_of_the_remote_with_the_test_beside_it(world: World) -> None:
    before = state_of(world.shop.checkout)

    done = world.fix(RIGHT)

    assert (done.status, done.applied, done.red, done.green) == ("opened", True, 1, 1), done.error
    assert git(world.shop.remote, "diff", "--name-only", BRANCH, done.branch).split("\n") == [
        SOURCE,
        f"tests/retrace/{world.incident.lower()}-ui.spec.ts",
    ]
    assert f"Retrace-Incident: {world.incident}" in git(world.shop.remote, "log", "-1", "--format=%B", done.branch)
    assert state_of(world.shop.checkout) == before


def test_pull_request_is_a_draft_that_shows_the_proof(world: World) -> None:
    done = world.fix(RIGHT)

    record = record_of(world.settings)
    assert record["draft"] is True
    text = Path(done.pr_url.removeprefix("file://")).read_text()
    assert "| 1 | red |" in text
    assert "| 1 | green |" in text
    assert world.show().fix_status == "fix_proposed"
    assert world.show().fix_pr_url == done.pr_url


def test_no_prompt_and_no_evidence_is_committed(world: World) -> None:
    done = world.fix(RIGHT)

    changed = git(world.shop.remote, "diff", BRANCH, done.branch)
    assert "untrusted" not in changed
    assert "fix-prompts" not in changed


def test_running_it_again_updates_the_same_branch_and_request(world: World) -> None:
    first = world.fix(RIGHT)
    again = world.fix(RIGHT)

    assert (again.status, again.branch, again.pr_url) == ("updated", first.branch, first.pr_url)
    assert [row["outcome"] for row in list_fixes(world.settings, world.incident, limit=2)] == ["updated", "opened"]


def test_merged_fix_resolves_the_incident_and_its_test_verifies_it(world: World) -> None:
    done = world.fix(RIGHT)
    waiting = verify_fix(world.settings, world.incident, HOW, times=1)
    assert (waiting.outcome, waiting.reason) == ("unknown", "pull_request_open")
    merged = world.shop.merge(done.branch)

    verified = verify_fix(world.settings, world.incident, HOW, times=1)

    assert (verified.outcome, verified.pr_state, verified.commit_sha) == ("verified", "merged", merged)
    assert (verified.status, world.show().fix_status) == ("verified", "merged")
    certificate = verify_certificate(world.settings, world.incident)
    assert certificate.sha256 == verified.certificate_sha256
    assert certificate.green.build == merged


def test_bug_that_is_merged_back_in_is_regressed_and_fixed_anew(world: World) -> None:
    done = world.fix(RIGHT)
    world.shop.merge(done.branch)
    assert verify_fix(world.settings, world.incident, HOW, times=1).status == "verified"
    git(world.shop.checkout, "pull", "--quiet")
    path = world.shop.checkout / SOURCE
    path.write_text(path.read_text().replace(MENDED, BROKEN))
    git(world.shop.checkout, "commit", "--quiet", "--all", "-m", "Take it back")
    git(world.shop.checkout, "push", "--quiet")

    found = verify_fix(world.settings, world.incident, FixHow(repo=NAME, start_command=START_COMMAND), times=1)

    assert (found.outcome, found.status) == ("regressed", "regressed")

    again = world.fix(RIGHT)

    assert (again.status, again.branch) == ("opened", f"{done.branch}-2"), again.error
    assert git(world.shop.remote, "diff", "--name-only", BRANCH, again.branch) == SOURCE


def test_request_that_a_person_closed_is_left_closed(world: World) -> None:
    done = world.fix(RIGHT)
    path = next((world.settings.home / "pull-requests").rglob("*.json"))
    path.write_text(json.dumps({**json.loads(path.read_text()), "state": "closed"}))

    with pytest.raises(RetraceError) as refused:
        world.fix(RIGHT)

    assert refused.value.code is ErrorCode.PULL_REQUEST_CLOSED
    assert git(world.shop.remote, "rev-parse", done.branch)


def test_without_an_agent_the_red_test_alone_is_proposed(world: World) -> None:
    done = world.fix("none")

    assert (done.status, done.applied, done.files) == ("opened", False, [])
    assert git(world.shop.remote, "diff", "--name-only", BRANCH, done.branch).endswith(".spec.ts")
    assert world.show().fix_status == "pr_open"


def test_without_a_request_only_a_branch_is_left(world: World) -> None:
    remote = git(world.shop.remote, "for-each-ref")

    done = world.fix(RIGHT, opens_request=False)

    assert (done.status, done.pr_url) == ("branch_ready", "")
    assert git(world.shop.checkout, "rev-parse", done.branch)
    assert git(world.shop.remote, "for-each-ref") == remote


def test_agent_that_fails_or_does_nothing_leaves_no_branch(world: World) -> None:
    before = git(world.shop.remote, "for-each-ref"), world.show().fix_status

    failed, idle = world.fix(python("raise SystemExit(3)")), world.fix(python("pass"))

    assert (failed.status, failed.reason) == ("agent_failed", "agent_failed")
    assert (idle.status, idle.applied) == ("no_patch", False)
    assert (git(world.shop.remote, "for-each-ref"), world.show().fix_status) == before


def test_try_is_shown_with_its_patch(world: World) -> None:
    done = world.fix(RIGHT)

    shown = show_fix(world.settings, done.fix_id)
    assert MENDED.strip() in shown["patch"]
    assert show_fix(world.settings, world.incident)["fix_id"] == done.fix_id
    with pytest.raises(RetraceError, match="fix_not_found"):
        show_fix(world.settings, "fix_0000000000000000")


def test_incident_whose_test_nobody_saw_red_is_left_alone(world: World) -> None:
    path = world.settings.home / "ui-tests" / "specs" / f"{world.incident.lower()}-ui.json"
    before = path.read_text()
    path.write_text(before.replace('"name": "', '"name": "Edited: '))
    try:
        with pytest.raises(RetraceError) as refused:
            world.fix(RIGHT)
    finally:
        path.write_text(before)

    assert refused.value.code is ErrorCode.NOT_RED
