"""A merged fix: the incident is resolved, its test verifies it on that commit, and sees the bug come back."""

from typing import NamedTuple

import pytest

from retrace_app.actions.fix import Fixed, FixHow, Verified, verify_fix
from retrace_app.actions.reproduce import verify as verify_certificate
from retrace_app.demo.shop_repository import BRANCH, BROKEN, MENDED, NAME, SOURCE, START_COMMAND
from tests.retrace_app.fixing.conftest import RIGHT, Red, World, git, make_world

pytestmark = pytest.mark.slow

HOW = FixHow(repo=NAME, start_command=START_COMMAND)


class Merged(NamedTuple):
    """A fix, what a look at it said before and after it was merged, and the commit that merged it."""

    world: World
    done: Fixed
    waiting: Verified
    commit: str
    verified: Verified


@pytest.fixture(scope="module")
def merged(red: Red, tmp_path_factory: pytest.TempPathFactory) -> Merged:
    world = make_world(red, tmp_path_factory.mktemp("merged"))
    done = world.fix(RIGHT)
    waiting = verify_fix(world.settings, world.incident, HOW, times=1)
    commit = world.shop.merge(done.branch)
    return Merged(world, done, waiting, commit, verify_fix(world.settings, world.incident, HOW, times=1))


def test_request_that_is_open_says_nothing_yet(merged: Merged) -> None:
    assert (merged.waiting.outcome, merged.waiting.reason) == ("unknown", "pull_request_open")


def test_merged_fix_resolves_the_incident_and_its_test_verifies_it(merged: Merged) -> None:
    world, verified = merged.world, merged.verified

    assert (verified.outcome, verified.pr_state, verified.commit_sha) == ("verified", "merged", merged.commit)
    assert verified.status == "verified"
    assert world.show().fix_status == "merged"
    certificate = verify_certificate(world.settings, world.incident)
    assert certificate.sha256 == verified.certificate_sha256
    assert certificate.green.build == merged.commit


def test_bug_that_is_merged_back_in_is_regressed_and_fixed_anew(merged: Merged) -> None:
    world, done = merged.world, merged.done
    git(world.shop.checkout, "pull", "--quiet")
    path = world.shop.checkout / SOURCE
    path.write_text(path.read_text().replace(MENDED, BROKEN))
    git(world.shop.checkout, "commit", "--quiet", "--all", "-m", "Take it back")
    git(world.shop.checkout, "push", "--quiet")

    found = verify_fix(world.settings, world.incident, HOW, times=1)

    assert (found.outcome, found.status) == ("regressed", "regressed")

    again = world.fix(RIGHT)

    assert (again.status, again.branch) == ("opened", f"{done.branch}-2"), again.error
    assert git(world.shop.remote, "diff", "--name-only", BRANCH, again.branch) == SOURCE
