"""What else a try comes to: a request that was closed, no agent, no request, an agent that fails, a test never red."""

import json

import pytest

from retrace_app.demo.shop_repository import BRANCH
from retrace_core.errors import ErrorCode, RetraceError
from tests.retrace_app.fixing.conftest import RIGHT, World, git, python

pytestmark = pytest.mark.slow


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
