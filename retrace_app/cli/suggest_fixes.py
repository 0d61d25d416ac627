"""`retrace suggest-fixes`: prompts for coding agents, of an incident or of each finding in a report."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from retrace_app.actions.fix import FixHow, Suggested, suggest
from retrace_app.actions.suggest_fixes import latest_report, rank_by_text, suggest_for_report
from retrace_app.cli.fixing import (
    EnvironmentIdOption,
    OutOption,
    ProjectIdOption,
    RepoOption,
    RepoPathOption,
    tenant_of,
)
from retrace_app.cli.messages import console, notice, printable, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, read_settings
from retrace_resources.fixer import PROMPTS

app = typer.Typer(add_completion=False)

_FILES_SHOWN = 3


@app.command("suggest-fixes")
def run(
    *,
    config: ConfigOption = None,
    replay_issue: Annotated[
        str, typer.Option("--replay-issue", metavar="INCIDENT", help="INC-…, an id merged into it, or bug_….")
    ] = "",
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="A report: Markdown or JSON.")
    ] = None,
    latest: Annotated[bool, typer.Option("--latest", help="The report that was written last.")] = False,
    repo: RepoOption = "",
    repo_path: RepoPathOption = None,
    out: OutOption = None,
    project_id: ProjectIdOption = "",
    environment_id: EnvironmentIdOption = "",
    json: JsonOption = False,
) -> None:
    """Rank the files of a repository and write prompts for Codex and Claude; nothing is changed in the repository."""
    if [bool(replay_issue), report is not None, latest].count(True) != 1:
        raise typer.BadParameter("give one of --replay-issue, --report and --latest")
    settings = read_settings(config)
    how = FixHow(repo=repo, repo_path=repo_path, out=out)
    tenant = tenant_of(project_id, environment_id)
    if replay_issue:
        done = [suggest(settings, replay_issue, how, tenant)]
    else:
        chosen = report or latest_report(settings.output_dir)
        notice(f"Reading {chosen}")
        done = suggest_for_report(
            chosen,
            out or settings.output_dir / PROMPTS,
            settings.fix,
            suggest=lambda incident: suggest(settings, incident, how, tenant),
            rank_text=rank_by_text(settings, repo, repo_path),
        )
    if json:
        write_json(done)
    elif done:
        _show(done)
    else:
        notice("There is no finding in this report.")


def _show(done: list[Suggested]) -> None:
    out = console()
    for each in done:
        out.print(Text.assemble(("✓ ", "bold green"), (printable(each.incident_id), "bold")))
        for file in each.candidate_files[:_FILES_SHOWN]:
            out.print(Text(f"  {file.rank}. {printable(file.path)}" + (f":{file.line}" if file.line else "")))
        for path in each.prompts:
            out.print(Text(f"  {path}", "dim"))
