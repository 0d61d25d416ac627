"""The coding agents of this machine, and one at work on a copy: a prompt goes in, a patch comes out.

Belongs here: which there are, what each needs to run confined, a run of one. Does not: what holds it (sandbox), the
prompt (retrace_assets.fix_prompts), whether the patch is admitted (retrace_assets.fix_prs.gate).
"""

import os
import shlex
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.model_usage import Usage
from retrace_resources.sandbox.border import through
from retrace_resources.sandbox.confinement import Confinement, confinement_of
from retrace_resources.sandbox.limits import limits_of
from retrace_resources.sandbox.processes import Outcome, Reason
from retrace_resources.sandbox.run import run
from retrace_resources.sandbox.toolchain import folders_of, program, python_of
from retrace_resources.settings_schema import Llm, Sandbox
from retrace_resources.work_copy import patch_of, work_copy

KNOWN: Final = ("claude", "codex")
"""Agents that are known by name, in the order in which `auto` looks for them."""

# Clients insist on a key; the proxy has the one that counts.
_NO_KEY: Final = "not-a-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A program that reads a prompt on its standard input and edits the files it finds itself among.

    One that `is_known` is told by its name how to go on without a person; `name` is of its program alone, for its
    arguments may hold a key.
    """

    name: str
    is_known: bool = False
    command: tuple[str, ...]
    read_only: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """A model as an agent reaches it: through a socket that is shown to it, at a port of its own."""

    llm: Llm
    socket: Path
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOutcome:
    """What an agent came to: how it ended (see `Outcome`), and its patch.

    The patch is empty when it changed nothing, went over a limit, or left what cannot be one (`patch_refused`).
    """

    patch: bytes
    reason: Reason | Literal["patch_refused"]
    exit_code: int | None
    detail: str
    log: Path
    seconds: float


def find_agent(wish: str, environment: Mapping[str, str] = os.environ) -> Agent | None:
    """The agent a person named: `auto`, `none`, one of `KNOWN`, or a command line of their own.

    None is for `none`, and for `auto` where there is no known one. Raises `agent_not_found` for one that is not here.
    """
    path = environment.get("PATH")
    if wish == "none":
        return None
    if wish == "auto":
        return next((found for name in KNOWN if (found := _agent([name], path))), None)
    try:
        command = shlex.split(wish)
    except ValueError as error:
        raise _not_found(wish, str(error)) from None
    found = _agent(command, path) if command else None
    if found is None:
        raise _not_found(wish, "no such program on PATH")
    return found


def run_agent(
    agent: Agent,
    prompt: str,
    *,
    git_dir: Path,
    commit: str,
    log: Path,
    sandbox: Sandbox,
    checkout: Path | None = None,
    llm: Llm | None = None,
    is_confined: bool = True,
    on_usage: Callable[[Usage], None] = lambda usage: None,
) -> AgentOutcome:
    """Let an agent work on a copy of a commit until it ends or goes over a limit; what it changed is its patch.

    It gets the prompt on its standard input and as the file `$RETRACE_PROMPT`, and the model of `llm` where one is
    configured. Without a sandbox it still works on a copy. Raises `sandbox_unavailable` or `repository_unusable`.
    """
    with (
        work_copy(git_dir, commit) as copy,
        _prompt_file(prompt) as prompt_file,
        _serving(llm, on_usage) as model,
    ):
        confinement = confinement_of(
            copy,
            sandbox,
            checkout=checkout,
            read_only=(*agent.read_only, prompt_file, *([model.socket] if model else [])),
            variables={**(_variables(model) if model else {}), "RETRACE_PROMPT": str(prompt_file)},
            is_confined=is_confined,
        )
        command = _command(agent, confinement, model)
        if model:
            command = through(confinement, ("reach", str(model.port), str(model.socket)), command)
        outcome = run(command, confinement, limits_of(sandbox), log, stdin=prompt.encode())
        # What was broken off is no fix, and may be too much to look at.
        if outcome.reason != "ended":
            return _outcome(outcome, b"", log)
        try:
            return _outcome(outcome, patch_of(copy, git_dir, commit), log)
        except RetraceError as error:
            if error.code is not ErrorCode.PATCH_REFUSED:
                raise
            refused = _outcome(outcome, b"", log)
            return replace(refused, reason="patch_refused", detail=error.detail)


def _agent(command: list[str], path: str | None) -> Agent | None:
    file = program(command[0], path)
    if file is None:
        return None
    node = program("node", path)
    folders = [*folders_of(file), *(folders_of(node) if node else ())]
    pythons = [python for folder in folders for python in python_of(folder)]
    # A script that is run by name must be seen too.
    files = [Path(word).absolute() if Path(word).is_file() else None for word in command[1:]]
    words = (str(script or word) for script, word in zip(files, command[1:], strict=True))
    shown = dict.fromkeys((*folders, *pythons, *filter(None, files)))
    is_known = len(command) == 1 and command[0] in KNOWN
    name = Path(command[0]).name
    return Agent(name=name, is_known=is_known, command=(str(file), *words), read_only=tuple(shown))


def _command(agent: Agent, confinement: Confinement, model: _Model | None) -> list[str]:
    """How an agent is told not to ask a person, who is not there; what holds it is the sandbox, if anything does."""
    if not agent.is_known:
        return list(agent.command)
    if agent.name == "claude":
        return [*agent.command, "--print", "--dangerously-skip-permissions"]
    # Its own sandbox needs a user namespace, which there is none of inside of ours.
    held = "--dangerously-bypass-approvals-and-sandbox" if confinement.is_confined else "--sandbox=workspace-write"
    settings = _codex_settings(model) if model else ()
    return [*agent.command, "exec", held, "--skip-git-repo-check", *settings, "-"]


def _codex_settings(model: _Model) -> Iterator[str]:
    """A provider of its own: what is set for OpenAI's in its environment is read by some versions only."""
    settings = {
        "model": model.llm.model,
        "model_provider": "retrace",
        "model_providers.retrace.name": "Retrace",
        "model_providers.retrace.base_url": f"{model.address}/v1",
        "model_providers.retrace.env_key": "OPENAI_API_KEY",
        "model_providers.retrace.wire_api": "responses",
    }
    for name, value in settings.items():
        yield from ("-c", f'{name}="{value}"')


def _variables(model: _Model) -> dict[str, str]:
    """What points an agent at the model, under the names that clients of its API read."""
    name = model.llm.model
    if model.llm.provider != "anthropic":
        return {"OPENAI_BASE_URL": f"{model.address}/v1", "OPENAI_API_KEY": _NO_KEY, "OPENAI_MODEL": name}
    models = ("ANTHROPIC_MODEL", *(f"ANTHROPIC_DEFAULT_{tier}_MODEL" for tier in ("HAIKU", "SONNET", "OPUS")))
    return {
        "ANTHROPIC_BASE_URL": model.address,
        "ANTHROPIC_AUTH_TOKEN": _NO_KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        **dict.fromkeys(models, name),
    }


@contextmanager
def _prompt_file(prompt: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="retrace-prompt-") as folder:
        file = Path(folder, "prompt.md")
        file.write_text(prompt, "utf-8")
        yield file


@contextmanager
def _serving(llm: Llm | None, on_usage: Callable[[Usage], None]) -> Iterator[_Model | None]:
    """The model while the block runs, where one is configured."""
    # A server and a client that only an agent with a model is worth.
    from retrace_resources.model_proxy import endpoint, serving_model  # noqa: PLC0415

    if llm is None or not endpoint(llm):
        yield None
        return
    # Nobody else listens in a sandbox; without one the port must be free outside.
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="retrace-model-") as folder:
        path = Path(folder, "model.sock")
        with serving_model(llm, path, on_usage):
            yield _Model(llm=llm, socket=path, port=port)


def _outcome(outcome: Outcome, patch: bytes, log: Path) -> AgentOutcome:
    return AgentOutcome(
        patch=patch,
        reason=outcome.reason,
        exit_code=outcome.exit_code,
        detail=outcome.detail,
        log=log,
        seconds=outcome.seconds,
    )


def _not_found(wish: str, why: str) -> RetraceError:
    hint = "name claude, codex, none, or a command line that reads the prompt from its standard input"
    return RetraceError(ErrorCode.AGENT_NOT_FOUND, f"{wish!r}: {why}", hint=hint)
