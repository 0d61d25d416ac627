"""Pull requests over GitHub's REST API, against a server that holds requests to what GitHub describes."""

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from retrace_app.demo.serving import serving
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.code_host.github import NO_DRAFTS, Github
from retrace_resources.code_host.pull_request import Proposal, PullRequest
from tests.retrace_resources.code_host.conftest import TOKEN, FakeGitHub

REPOSITORY = "/repos/acme/shop"
PULLS = f"{REPOSITORY}/pulls"
HEAD = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
MERGE = "e5bd3914e2e596debea16f433f57875b5b90bcd6"
FIX = Proposal("Fix the cart", "It was red.\n", "retrace/INC-4F2A91", "main")


def described(**changed: Any) -> dict[str, Any]:
    """A pull request as GitHub's documentation has it, as far as it is read."""
    return {
        "html_url": "https://github.com/acme/shop/pull/7",
        "number": 7,
        "state": "open",
        "draft": True,
        "merged_at": None,
        "merge_commit_sha": MERGE,
        "head": {"ref": FIX.branch, "sha": HEAD, "repo": {"full_name": "acme/shop"}},
        **changed,
    }


OPEN = PullRequest("https://github.com/acme/shop/pull/7", 7, "open", HEAD, "")


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def host(github: FakeGitHub, naps: list[float]) -> Github:
    github.tell("GET", REPOSITORY, {"full_name": "acme/shop"})
    return Github("acme/shop", TOKEN, base_url=github.address, sleep=naps.append)


def refusal(act: Callable[[], object]) -> RetraceError:
    with pytest.raises(RetraceError) as raised:
        act()
    assert raised.value.code is ErrorCode.CODE_HOST_REFUSED
    assert TOKEN not in f"{raised.value} {raised.value.detail} {raised.value.hint}"
    assert "\n" not in str(raised.value.detail)
    return raised.value


def test_a_draft_is_opened(github: FakeGitHub, host: Github) -> None:
    github.tell("POST", PULLS, described(), 201)
    assert host.open(FIX) == OPEN
    assert github.bodies == [
        {"title": FIX.title, "body": FIX.body, "head": FIX.branch, "base": "main", "draft": True},
    ]


def test_one_is_opened_for_review_where_a_repository_has_no_drafts(github: FakeGitHub, host: Github) -> None:
    message = "Draft pull requests are not supported in this repository."
    error = {"resource": "PullRequest", "code": "custom", "message": message}
    github.tell("POST", PULLS, {"message": "Validation Failed", "errors": [error]}, 422)
    github.tell("POST", PULLS, described(draft=False), 201)
    assert host.open(FIX).note == NO_DRAFTS
    assert [body["draft"] for body in github.bodies] == [True, False]


def test_one_that_is_open_already_is_updated(github: FakeGitHub, host: Github) -> None:
    error = {
        "resource": "PullRequest",
        "code": "custom",
        "message": f"A pull request already exists for acme:{FIX.branch}.",
    }
    github.tell("POST", PULLS, {"message": "Validation Failed", "errors": [error]}, 422)
    github.tell("GET", PULLS, [described()])
    github.tell("PATCH", f"{PULLS}/7", described())
    assert host.open(FIX) == OPEN
    assert github.bodies[-1] == {"title": FIX.title, "body": FIX.body}


def test_a_create_without_an_answer_is_looked_for_and_never_made_twice(github: FakeGitHub, host: Github) -> None:
    github.tell("POST", PULLS, {"message": "Server Error"}, 502)
    github.tell("GET", PULLS, [described()])
    github.tell("PATCH", f"{PULLS}/7", described())
    assert host.open(FIX) == OPEN
    assert github.calls.count(("POST", PULLS)) == 1


def test_a_create_that_came_to_nothing_says_so(github: FakeGitHub, host: Github) -> None:
    github.tell("POST", PULLS, {"message": "Server Error"}, 502)
    github.tell("GET", PULLS, [])
    assert "502" in str(refusal(lambda: host.open(FIX)).detail)


@pytest.mark.parametrize(
    ("changed", "state", "merge_sha"),
    [
        ({}, "open", ""),
        ({"state": "closed"}, "closed", ""),
        ({"state": "closed", "merged_at": "2026-05-04T09:30:00Z"}, "merged", MERGE),
    ],
)
def test_the_state_is_told(
    github: FakeGitHub, host: Github, changed: dict[str, Any], state: str, merge_sha: str
) -> None:
    github.tell("GET", PULLS, [described(**changed)])
    found = host.find(FIX.branch)
    assert found is not None
    assert (found.state, found.merge_sha, found.head_sha) == (state, merge_sha, HEAD)
    assert github.queries[0].items() >= {"head": f"acme:{FIX.branch}", "state": "all"}.items()


def test_a_branch_without_a_pull_request_has_none(github: FakeGitHub, host: Github) -> None:
    github.tell("GET", PULLS, [])
    assert host.find(FIX.branch) is None


@pytest.mark.parametrize(
    "head",
    [
        {"ref": FIX.branch, "sha": HEAD, "repo": {"full_name": "mallory/shop"}},
        {"ref": FIX.branch, "sha": HEAD, "repo": None},
        {"ref": "main", "sha": HEAD, "repo": {"full_name": "acme/shop"}},
    ],
)
def test_what_is_of_a_fork_or_of_another_branch_is_not_ours(
    github: FakeGitHub, host: Github, head: dict[str, Any]
) -> None:
    github.tell("GET", PULLS, [described(head=head)])
    assert host.find(FIX.branch) is None


def test_an_update_says_the_words_anew_and_nothing_else(github: FakeGitHub, host: Github) -> None:
    github.tell("PATCH", f"{PULLS}/7", described(state="closed", draft=False))
    assert host.update(OPEN, FIX).state == "closed"
    assert github.bodies == [{"title": FIX.title, "body": FIX.body}]


@pytest.mark.parametrize("status", [301, 307])
def test_a_repository_that_moved_is_followed_and_its_new_name_told(
    github: FakeGitHub, naps: list[float], status: int
) -> None:
    there = {"location": f"{github.address}/repositories/1296269"}
    github.tell("GET", "/repos/acme/old", {"message": "Moved Permanently", "url": there["location"]}, status, there)
    github.tell("GET", "/repositories/1296269", {"full_name": "acme/shop"})
    github.tell("GET", PULLS, [described()])
    found = Github("acme/old", TOKEN, base_url=github.address, sleep=naps.append).find(FIX.branch)
    assert found is not None
    assert "acme/old is called acme/shop now" in found.note


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (401, "Bad credentials", "expired"),
        (403, "Resource not accessible by personal access token", "Pull requests: write"),
        (404, "Not Found", "scope `repo`"),
    ],
)
def test_a_refusal_names_the_status_what_github_says_and_the_next_step(
    github: FakeGitHub, host: Github, status: int, message: str, hint: str
) -> None:
    github.tell(
        "POST", PULLS, {"message": f"{message}\n{TOKEN}", "documentation_url": "https://docs.github.com"}, status
    )
    raised = refusal(lambda: host.open(FIX))
    assert f"GitHub answered {status} to POST {PULLS}: {message}" in str(raised.detail)
    assert hint in raised.hint


def test_a_base_that_is_not_there_is_named(github: FakeGitHub, host: Github) -> None:
    error = {"resource": "PullRequest", "field": "base", "code": "invalid"}
    github.tell("POST", PULLS, {"message": "Validation Failed", "errors": [error]}, 422)
    assert "Validation Failed; base invalid" in str(refusal(lambda: host.open(FIX)).detail)


def test_reading_is_tried_again_where_github_stumbles(github: FakeGitHub, host: Github, naps: list[float]) -> None:
    github.tell("GET", PULLS, None, 503)
    github.tell("GET", PULLS, {"message": "Server Error"}, 500)
    github.tell("GET", PULLS, [described()])
    assert host.find(FIX.branch) == OPEN
    assert naps == [2.0, 4.0]


def test_trying_ends(github: FakeGitHub, host: Github) -> None:
    for _ in range(3):
        github.tell("GET", PULLS, None, 503)
    assert "503" in str(refusal(lambda: host.find(FIX.branch)).detail)


def test_whoever_asked_too_often_waits_as_long_as_github_says(
    github: FakeGitHub, host: Github, naps: list[float]
) -> None:
    limited = {"message": "You have exceeded a secondary rate limit."}
    github.tell("POST", PULLS, limited, 403, {"retry-after": "7"})
    github.tell("POST", PULLS, limited, 429)
    github.tell("POST", PULLS, described(), 201)
    assert host.open(FIX) == OPEN
    assert naps == [7.0, 60.0]


def test_a_limit_that_lasts_is_told_not_waited_for(github: FakeGitHub, host: Github, naps: list[float]) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 1_800)}
    github.tell("POST", PULLS, {"message": "API rate limit exceeded for user ID 1."}, 403, headers)
    assert "ask again at" in refusal(lambda: host.open(FIX)).hint
    assert naps == []


@pytest.mark.parametrize("body", [None, {"full_name": "acme/shop"}, [], "x", [{"number": 7}]])
def test_a_server_that_is_not_github_is_told_of(github: FakeGitHub, host: Github, body: object) -> None:
    github.tell("POST", PULLS, body, 201)
    assert "something else than GitHub" in str(refusal(lambda: host.open(FIX)).detail)


def test_a_host_nobody_answers_at_is_told_of(naps: list[float], unused_address: str) -> None:
    host = Github("acme/shop", TOKEN, base_url=unused_address, sleep=naps.append)
    assert unused_address in str(refusal(lambda: host.find(FIX.branch)).detail)
    assert len(naps) == 2


@pytest.mark.parametrize("token", ["", "  ", f"{TOKEN}\nx", "tökén"])
def test_what_can_be_no_token_is_refused_unspoken(token: str) -> None:
    raised = refusal(lambda: Github("acme/shop", token))
    assert token.strip() == "" or token not in str(raised.detail)


def test_the_token_is_in_no_log(github: FakeGitHub, host: Github, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    github.tell("GET", PULLS, [described()])
    host.find(FIX.branch)
    assert any(record.name.startswith("httpx") for record in caplog.records)
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(host)


def test_the_token_does_not_follow_to_another_host(github: FakeGitHub, naps: list[float]) -> None:
    """A repository that moved may name any address."""
    seen: list[str | None] = []

    async def elsewhere(request: Request) -> JSONResponse:
        seen.append(request.headers.get("authorization"))
        return JSONResponse({"message": "Not Found"}, 404)

    with serving(Starlette(routes=[Route("/stolen", elsewhere)])) as address:
        github.tell("GET", "/repos/acme/old", {"message": "Moved Permanently"}, 301, {"location": f"{address}/stolen"})
        refusal(lambda: Github("acme/old", TOKEN, base_url=github.address, sleep=naps.append).find(FIX.branch))
    assert seen == [None]
