"""Agents at work on a copy. Those here are hijacked: each does what it likes, and a patch is all that comes of it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from retrace_app.demo.serving import serving
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.agents import AgentOutcome, find_agent, run_agent
from retrace_resources.model_usage import Usage
from retrace_resources.settings_schema import Llm, Sandbox
from retrace_resources.work_copy import changes_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap needs Linux")]

both = pytest.mark.parametrize("is_confined", [True, False], ids=["confined", "unconfined"])
KEY = "sk-of-the-person"
PROMPT = "Make the test green.\nÄ \u202e {}"
TIGHT = Sandbox(seconds=30, memory_mb=400, disk_mb=50, processes=100)


def program(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A person's checkout, with what they have not committed."""
    folder = tmp_path / "shop"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "cart.js").write_text("export const total = 1\n")
    (folder / "README.md").write_text("# Shop\n")
    (folder / ".gitignore").write_text("node_modules/\n.env\n")
    identity = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    for command in (("init", "-q"), ("add", "--all"), (*identity, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / ".env").write_text(f"KEY={KEY}\n")
    (folder / "node_modules" / "a").mkdir(parents=True)
    (folder / "node_modules" / "a" / "index.js").write_text("1\n")
    (folder / "src" / "draft.js").write_text("not committed\n")
    return folder


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder, its mode and its bytes."""
    return {str(path): (path.stat().st_mode, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}


Run = Callable[..., AgentOutcome]


@pytest.fixture
def run(shop: Path, tmp_path: Path) -> Run:
    """Let a shell script or a command be the agent; the person's files must be as they were after it."""

    def run_it(body: str, *, wish: str = "", path: str = "", **options: object) -> AgentOutcome:
        script = program(tmp_path / "agents", "agent", body)
        agent = find_agent(wish or str(script), {"PATH": path or "/usr/bin:/bin"})
        assert agent is not None
        before = state(shop)
        outcome = run_agent(
            agent,
            PROMPT,
            **{  # type: ignore[arg-type]
                "git_dir": shop / ".git",
                "commit": "HEAD",
                "log": tmp_path / "agent.log",
                "sandbox": TIGHT,
                "checkout": shop,
                **options,
            },
        )
        assert state(shop) == before
        return outcome

    return run_it


def changes(shop: Path, outcome: AgentOutcome) -> dict[str, str]:
    return {change.path: change.kind for change in changes_of(shop / ".git", "HEAD", outcome.patch)}


@both
def test_a_prompt_goes_in_and_a_patch_comes_out(run: Run, shop: Path, is_confined: bool) -> None:
    outcome = run(
        'cat > asked; cmp asked "$RETRACE_PROMPT" && echo same; rm asked; '
        "sed -i s/1/2/ src/cart.js; cat node_modules/a/*",
        is_confined=is_confined,
    )
    assert (outcome.reason, outcome.exit_code) == ("ended", 0)
    assert outcome.log.read_text() == "same\n1\n"
    assert b"-export const total = 1\n+export const total = 2\n" in outcome.patch
    assert changes(shop, outcome) == {"src/cart.js": "modified"}


def test_the_prompt_is_what_was_given(run: Run) -> None:
    assert run("cat").log.read_text() == PROMPT


def test_an_agent_that_changes_nothing_has_an_empty_patch(run: Run) -> None:
    outcome = run("exit 3")
    assert (outcome.patch, outcome.reason, outcome.exit_code) == (b"", "ended", 3)


def test_an_agent_that_hangs_is_ended_and_its_half_of_a_patch_is_none(run: Run) -> None:
    outcome = run("echo x > src/half.js; sleep 60", sandbox=TIGHT.model_copy(update={"seconds": 2}))
    assert (outcome.patch, outcome.reason) == (b"", "timed_out")
    assert outcome.seconds < 15


def test_an_agent_that_fills_the_disk_is_ended(run: Run) -> None:
    outcome = run("for n in 1 2 3 4; do head -c 20000000 /dev/zero > big$n; done; sleep 60")
    assert (outcome.patch, outcome.reason) == (b"", "too_much_disk")


def test_an_agent_that_deletes_everything_deletes_its_copy(run: Run, shop: Path) -> None:
    outcome = run("rm -rf .git * .gitignore /; ls -A")
    assert changes(shop, outcome) == {"src/cart.js": "deleted", "README.md": "deleted", ".gitignore": "deleted"}


def test_an_agent_that_removes_its_copy_whole_is_refused_without_a_sandbox(run: Run) -> None:
    outcome = run('rm -rf "$PWD"; sleep 0.5', is_confined=False)
    assert (outcome.patch, outcome.reason) == (b"", "patch_refused")


def test_an_agent_that_commits_and_pushes_itself_has_a_patch_all_the_same(run: Run, shop: Path) -> None:
    outcome = run(
        "git checkout -q -b mine; sed -i s/1/2/ src/cart.js; git -c user.name=x -c user.email=x@x commit -qam mine; "
        f"git push -q file://{shop}/.git mine:main mine"
    )
    assert changes(shop, outcome) == {"src/cart.js": "modified"}


def test_an_agent_that_leaves_hooks_leaves_them_nowhere(run: Run, shop: Path, tmp_path: Path) -> None:
    hook = f"printf '#!/bin/sh\\ntouch {tmp_path}/ran\\n' > .git/hooks/$h; chmod +x .git/hooks/$h"
    outcome = run(
        f"mkdir -p .git/hooks; for h in post-checkout post-index-change pre-commit; do {hook}; done; "
        "git config core.fsmonitor .git/hooks/pre-commit; echo x >> README.md"
    )
    assert changes(shop, outcome) == {"README.md": "modified"}
    assert not (tmp_path / "ran").exists()


def test_an_agent_that_prints_secrets_has_none(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GITHUB_TOKEN", "RETRACE_SECRET"):
        monkeypatch.setenv(name, KEY)
    outcome = run(f"env; cat .env {shop}/.env ~/.ssh/* /proc/*/environ; echo looked", llm=None)
    printed = outcome.log.read_text()
    assert "looked" in printed
    assert KEY not in printed


def test_what_was_not_committed_is_not_in_the_copy(run: Run) -> None:
    assert run("ls -A src").log.read_text() == "cart.js\n"


def test_an_agent_that_leaves_what_is_no_patch_is_refused_with_the_reason(run: Run) -> None:
    outcome = run("n=0; while [ $n -le 1000 ]; do : > new$n; n=$((n+1)); done")
    assert (outcome.patch, outcome.reason) == (b"", "patch_refused")
    assert "1,001 files" in outcome.detail


class Provider:
    """A model's provider that answers `Because.` and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def application(self) -> Starlette:
        async def take(request: Request) -> Response:
            key = request.headers.get("authorization") or request.headers.get("x-api-key") or ""
            self.asked.append((request.url.path, key))
            return JSONResponse({"said": "Because.", "usage": {"input_tokens": 1, "output_tokens": 2}})

        return Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])


ASK = """
import os, urllib.request
request = urllib.request.Request(os.environ['OPENAI_BASE_URL'] + '/responses', b'{"input": "Why?"}')
print(urllib.request.urlopen(request, timeout=10).read().decode(), os.environ['OPENAI_API_KEY'])
"""


@both
def test_an_agent_reaches_the_model_without_its_key(run: Run, tmp_path: Path, is_confined: bool) -> None:
    script = tmp_path / "ask.py"
    script.write_text(ASK)
    provider, told = Provider(), list[Usage]()
    with serving(provider.application()) as address:
        outcome = run(
            "",
            wish=f"{sys.executable} {script}",
            llm=Llm.model_validate({"base_url": f"{address}/v1", "model": "local", "api_key": KEY}),
            is_confined=is_confined,
            on_usage=told.append,
        )
    assert json.loads(outcome.log.read_text().partition("}")[0] + "}}")["said"] == "Because."
    assert "not-a-key" in outcome.log.read_text()
    assert KEY not in outcome.log.read_text()
    assert provider.asked == [("/v1/responses", f"Bearer {KEY}")]
    assert told == [Usage("local", 200, 1, 2)]


def test_without_a_model_nothing_points_at_one(run: Run) -> None:
    assert "BASE_URL" not in run("env", llm=Llm()).log.read_text()


def test_claude_is_asked_to_print_and_pointed_at_the_proxy(run: Run, tmp_path: Path) -> None:
    program(tmp_path / "bin", "claude", 'echo "$@"; env; cat')
    llm = Llm.model_validate({"provider": "anthropic", "model": "claude-opus-5-5", "anthropic_api_key": KEY})
    outcome = run("", wish="claude", path=f"{tmp_path}/bin:/usr/bin:/bin", llm=llm)
    printed = outcome.log.read_text()
    assert printed.startswith("--print --dangerously-skip-permissions\n")
    assert printed.endswith(PROMPT)
    assert "ANTHROPIC_BASE_URL=http://127.0.0.1:" in printed
    assert "ANTHROPIC_MODEL=claude-opus-5-5" in printed
    assert KEY not in printed


@pytest.mark.parametrize(
    ("is_confined", "held"),
    [(True, "--dangerously-bypass-approvals-and-sandbox"), (False, "--sandbox=workspace-write")],
)
def test_codex_has_its_own_sandbox_only_where_there_is_no_other(
    run: Run, tmp_path: Path, is_confined: bool, held: str
) -> None:
    program(tmp_path / "bin", "codex", 'printf "%s\\n" "$@"; cat')
    path = f"{tmp_path}/bin:/usr/bin:/bin"
    llm = Llm.model_validate({"provider": "openai", "model": "gpt-6-sol", "openai_api_key": KEY})
    printed = run("", wish="codex", path=path, is_confined=is_confined, llm=llm).log.read_text().splitlines()
    assert printed[:3] == ["exec", held, "--skip-git-repo-check"]
    assert 'model="gpt-6-sol"' in printed
    assert any(word.startswith('model_providers.retrace.base_url="http://127.0.0.1:') for word in printed)


def test_auto_takes_the_first_that_is_here(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path / "bin")}
    assert find_agent("auto", environment) is None
    program(tmp_path / "bin", "codex", "")
    for name in ("codex", "claude"):
        program(tmp_path / "bin", name, "")
        found = find_agent("auto", environment)
        assert found is not None
        assert (found.name, found.command) == (name, (str(tmp_path / "bin" / name),))


def test_a_command_of_a_persons_own_gets_no_arguments_and_its_name_holds_none(tmp_path: Path) -> None:
    file = program(tmp_path / "bin", "claude", "")
    found = find_agent(f"{file} --key {KEY}", {"PATH": ""})
    assert found is not None
    assert (found.name, found.is_known, found.command) == ("claude", False, (str(file), "--key", KEY))


def test_none_is_nobody() -> None:
    assert find_agent("none") is None


@pytest.mark.parametrize("wish", ["no-such-agent --fast", "claude", "", "'unfinished"])
def test_an_agent_that_is_not_here_is_refused(tmp_path: Path, wish: str) -> None:
    with pytest.raises(RetraceError) as refusal:
        find_agent(wish, {"PATH": str(tmp_path)})
    assert refusal.value.code is ErrorCode.AGENT_NOT_FOUND
    assert "claude" in refusal.value.hint
