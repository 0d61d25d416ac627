"""Fixing from the command line: the options every such command has, what is being done, and what came of it.

Belongs here: what `qa fix`, `qa auto` and `repair` share. Does not: fixing (actions.fix).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console, Group, RenderableType
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from retrace_app.actions.fix import Fixed, Said, Verified
from retrace_app.actions.listing import Tenant
from retrace_app.cli.messages import printable

NOT_ADMITTED: Final = 5
"""Exit code of a try that left no branch: the gate refused the patch, or the agent came to none."""

RepoOption = Annotated[
    str,
    typer.Option(
        "--repo", metavar="ORG/NAME", help="Connected repository.", show_default="fix.repo, else the only one"
    ),
]
RepoPathOption = Annotated[
    Path | None, typer.Option("--repo-path", file_okay=False, help="Another checkout of it, or one not connected.")
]
BaseOption = Annotated[
    str, typer.Option("--base", help="Branch to merge into.", show_default="as connected, else the remote's own")
]
ApplyOption = Annotated[
    str,
    typer.Option(
        "--apply",
        metavar="AGENT",
        help="auto, claude, codex, none (the red test alone), or a command that reads the prompt from stdin.",
        show_default="fix.agent: auto",
    ),
]
ValidateOption = Annotated[
    str,
    typer.Option(
        "--validate", metavar="COMMAND", help="Must succeed on the patched code.", show_default="the repository's tests"
    ),
]
StartOption = Annotated[
    str,
    typer.Option(
        "--start-cmd",
        metavar="COMMAND",
        help="Starts the app from a checkout; {port} and PORT are its port.",
        show_default="tester.start_command",
    ),
]
UnconfinedOption = Annotated[
    bool,
    typer.Option(
        "--unsafe-no-sandbox", help="Run the agent and what it wrote without a sandbox, with all you may do yourself."
    ),
]
UntestedOption = Annotated[
    bool, typer.Option("--untested", help="Hand an incident to the agent although nobody saw its test red.")
]
DraftOption = Annotated[bool, typer.Option("--draft/--ready", help="Open the pull request as a draft.")]
OpenOption = Annotated[
    bool, typer.Option("--open-pr/--no-open-pr", help="Push and open a pull request; else only a local branch.")
]
TimesOption = Annotated[int, typer.Option(min=0, max=20, help="Runs before and after.", show_default="fix.times: 3")]
ProjectIdOption = Annotated[str, typer.Option("--project-id", help="Only of this project (proj_…).")]
EnvironmentIdOption = Annotated[str, typer.Option("--environment-id", help="Only of this environment (env_…).")]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", file_okay=False, help="Where prompts go.", show_default="reports/fix-prompts"),
]


def tenant_of(project_id: str, environment_id: str) -> Tenant | None:
    """The workspace that two options name together; without them, all."""
    if bool(project_id) != bool(environment_id):
        raise typer.BadParameter("--project-id and --environment-id go together")
    return Tenant(project_id, environment_id) if project_id else None


@contextmanager
def telling() -> Iterator[Said]:
    """Say on stderr what is being done, with the time it has taken."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Looking", total=None)

        def tell(step: str) -> None:
            progress.update(task, description=printable(step))

        yield tell


def fixed_shown(done: Fixed) -> RenderableType:
    """What a try came to, as a person reads it."""
    lines: list[RenderableType] = []
    if done.is_published:
        what = {"opened": "a draft pull request", "updated": "its pull request, updated"}.get(done.status, "a branch")
        proof = f"; red {done.red}× before, green {done.green}× after" if done.green else "; the red test alone"
        lines.append(Text.assemble(("✓ ", "bold green"), (done.incident_id, "bold"), f" has {what}{proof}"))
    else:
        lines.append(Text.assemble(("✗ ", "bold red"), (done.incident_id, "bold"), f" has no fix: {done.reason}"))
        lines.append(Text(f"  {printable(done.error)}"))
    facts = {
        "request": done.pr_url,
        "branch": done.branch,
        "changes": ", ".join(done.files),
        "patch": done.patch_path if not done.is_published else "",
        "agent": done.agent,
        "ranked": ", ".join(done.candidate_files[:5]),
        "took": f"{done.seconds:.0f} s",
    }
    lines.extend(Text.assemble((f"  {name:<8}", "dim"), printable(text)) for name, text in facts.items() if text)
    return Group(*lines)


def verified_shown(done: Verified) -> RenderableType:
    """What a look at a fix came to."""
    sign, look = {"verified": ("✓", "bold green"), "regressed": ("▲", "bold red")}.get(done.outcome, ("?", "yellow"))
    said = ": ".join(filter(None, [done.reason if done.outcome == "unknown" else "", done.detail]))
    line = Text.assemble((f"{sign} {done.outcome}", look), "  ", (done.incident_id, "bold"), f" is {done.status}")
    return Group(line, *([Text(f"  {printable(said)}")] if said else []))
