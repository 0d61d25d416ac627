"""Pull requests through `gh`: a program in its place that notes how it is called and says what a test told it."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.code_host.gh import Gh
from retrace_resources.code_host.github import NO_DRAFTS
from retrace_resources.code_host.pull_request import Proposal, PullRequest

HEAD = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
MERGE = "e5bd3914e2e596debea16f433f57875b5b90bcd6"
FIX = Proposal("--fix; rm -rf $HOME `id`", "It was red.\nÄ\n", "retrace/INC-4F2A91", "main")
URL = "https://github.com/acme/shop/pull/7"
OPEN = PullRequest(URL, 7, "open", HEAD, "")

# What the commands used here take, by https://cli.github.com/manual; everything else ends with 99.
PROGRAM = """#!{python}
import json, os, sys
from pathlib import Path
folder = Path({folder!r})
takes = {{
    "auth status": {{"--hostname"}},
    "pr list": {{"--repo", "--head", "--state", "--json", "--limit"}},
    "pr view": {{"--repo", "--json"}},
    "pr create": {{"--repo", "--title", "--body-file", "--base", "--head"}},
    "pr edit": {{"--repo", "--title", "--body-file"}},
}}
arguments = sys.argv[1:]
command, rest = " ".join(arguments[:2]), arguments[2:]
if command not in takes:
    sys.exit(99)
values, given = {{}}, []
while rest:
    flag = rest.pop(0)
    if flag == "--draft" and command == "pr create":
        values[flag] = True
    elif flag in takes[command] and flag not in values:
        values[flag] = rest.pop(0)
    elif flag.startswith("-"):
        sys.exit(99)
    else:
        given.append(flag)
if len(given) != (command in ("pr view", "pr edit")):
    sys.exit(99)
call = {{"command": command, "given": given, "values": values, "stdin": sys.stdin.buffer.read().decode("utf-8"),
         "environment": dict(os.environ)}}
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(call) + "\\n")
answers = folder / "answers" / command
told = sorted(answers.iterdir()) if answers.is_dir() else sys.exit(98)
if not told:
    sys.exit(98)
answer = json.loads(told[0].read_text())
told[0].unlink()
sys.stdout.write(answer["stdout"])
sys.stderr.write(answer["stderr"])
sys.exit(answer["status"])
"""


class FakeGh:
    """What `gh` is to say, and how it was called."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = 0
        program = folder / "bin" / "gh"
        program.parent.mkdir()
        program.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": str(program.parent),
            "GH_HOST": "elsewhere.example",
            "GH_DEBUG": "api",
        }

    def tell(self, command: str, stdout: object = "", stderr: str = "", status: int = 0) -> None:
        """The next answer to a command."""
        self._told += 1
        file = self._folder / "answers" / command / f"{self._told:03}"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = stdout if isinstance(stdout, str) else json.dumps(stdout)
        file.write_text(json.dumps({"stdout": text, "stderr": stderr, "status": status}))

    def calls(self) -> list[dict[str, Any]]:
        """Every call so far, in order."""
        return [json.loads(line) for line in (self._folder / "calls").read_text().splitlines()]


@pytest.fixture
def program(tmp_path: Path) -> FakeGh:
    return FakeGh(tmp_path)


@pytest.fixture
def host(program: FakeGh) -> Gh:
    return Gh("acme/shop", environment=program.environment)


def described(**changed: Any) -> dict[str, Any]:
    return {"number": 7, "url": URL, "state": "OPEN", "headRefOid": HEAD, "mergeCommit": None, **changed}


def refusal(act: Callable[[], object]) -> RetraceError:
    with pytest.raises(RetraceError) as raised:
        act()
    assert raised.value.code is ErrorCode.CODE_HOST_REFUSED
    return raised.value


def test_a_draft_is_opened_without_a_shell_and_its_number_read(program: FakeGh, host: Gh) -> None:
    program.tell("pr create", f"\nCreating draft pull request\n\n{URL}\n")
    program.tell("pr view", described())
    assert host.open(FIX) == OPEN
    created, viewed = program.calls()
    assert created["values"] == {
        "--repo": "github.com/acme/shop",
        "--draft": True,
        "--title": FIX.title,
        "--body-file": "-",
        "--base": "main",
        "--head": FIX.branch,
    }
    assert created["stdin"] == FIX.body
    assert viewed["given"] == ["7"]


def test_it_is_started_so_that_it_never_asks_nor_explains_itself(program: FakeGh, host: Gh) -> None:
    program.tell("pr list", [])
    assert host.find(FIX.branch) is None
    environment = program.calls()[0]["environment"]
    assert environment["GH_PROMPT_DISABLED"] == "1"
    assert "GH_DEBUG" not in environment


def test_one_is_opened_for_review_where_a_repository_has_no_drafts(program: FakeGh, host: Gh) -> None:
    said = "pull request create failed: GraphQL: Draft pull requests are not supported in this repository."
    program.tell("pr create", stderr=said, status=1)
    program.tell("pr create", f"{URL}\n")
    program.tell("pr view", described())
    assert host.open(FIX).note == NO_DRAFTS
    assert ["--draft" in call["values"] for call in program.calls()] == [True, False, False]


def test_one_that_is_open_already_is_updated(program: FakeGh, host: Gh) -> None:
    said = f'a pull request for branch "{FIX.branch}" into branch "main" already exists:\n{URL}\n'
    program.tell("pr create", stderr=said, status=1)
    program.tell("pr list", [described(isCrossRepository=False)])
    program.tell("pr edit", f"{URL}\n")
    program.tell("pr view", described())
    assert host.open(FIX) == OPEN
    edited = program.calls()[2]
    assert edited["given"] == ["7"]
    assert edited["values"]["--title"] == FIX.title
    assert edited["stdin"] == FIX.body


def test_a_create_that_prints_no_address_is_looked_for(program: FakeGh, host: Gh) -> None:
    program.tell("pr create", "done!\n")
    program.tell("pr list", [described(isCrossRepository=False)])
    assert host.open(FIX) == OPEN


@pytest.mark.parametrize(
    ("changed", "state", "merge_sha"),
    [
        ({}, "open", ""),
        ({"state": "CLOSED"}, "closed", ""),
        ({"state": "MERGED", "mergeCommit": {"oid": MERGE}}, "merged", MERGE),
    ],
)
def test_the_state_is_told(program: FakeGh, host: Gh, changed: dict[str, Any], state: str, merge_sha: str) -> None:
    program.tell("pr list", [described(isCrossRepository=False, **changed)])
    assert host.find(FIX.branch) == PullRequest(URL, 7, state, HEAD, merge_sha)  # type: ignore[arg-type] # parametrised
    assert program.calls()[0]["values"]["--state"] == "all"


def test_a_fork_with_a_branch_of_the_same_name_is_not_ours(program: FakeGh, host: Gh) -> None:
    stranger = described(number=9, state="CLOSED", isCrossRepository=True)
    program.tell("pr list", [stranger, described(isCrossRepository=False)])
    assert host.find(FIX.branch) == OPEN


def test_whoever_is_signed_out_is_told_how_to_sign_in(program: FakeGh, host: Gh) -> None:
    program.tell("pr create", stderr="To get started with GitHub CLI, please run:  gh auth login\n", status=4)
    raised = refusal(lambda: host.open(FIX))
    assert raised.hint == "sign in: gh auth login --hostname github.com"


def test_what_it_says_is_told_in_a_line_without_secrets(program: FakeGh, host: Gh) -> None:
    program.tell("pr edit", stderr="GraphQL: no\nsee https://me:ghp_secret@github.com/acme/shop", status=1)
    raised = refusal(lambda: host.update(OPEN, FIX))
    assert "gh pr edit: GraphQL: no see https://github.com/acme/shop" in str(raised.detail)


@pytest.mark.parametrize("printed", ["", "[", "{}", [1], [{"number": 7}], [described(state="LOST")]])
def test_what_no_version_prints_is_told_of(program: FakeGh, host: Gh, printed: object) -> None:
    program.tell("pr list", printed)
    assert "update gh" in refusal(lambda: host.find(FIX.branch)).hint


def test_it_is_usable_when_signed_in_to_the_host(program: FakeGh) -> None:
    enterprise = Gh("acme/shop", environment=program.environment, host="git.example.com")
    program.tell("auth status", "Logged in")
    assert enterprise.usable()
    assert program.calls()[0]["values"] == {"--hostname": "git.example.com"}


def test_it_is_not_usable_signed_out_or_not_there(program: FakeGh, host: Gh, tmp_path: Path) -> None:
    program.tell("auth status", stderr="You are not logged into any GitHub hosts.", status=1)
    assert not host.usable()
    assert not Gh("acme/shop", environment={"PATH": str(tmp_path / "nothing")}).usable()
    assert not Gh("acme/shop", environment={}).usable()
