"""`retrace api resolve-issue | verify-resolved`: saying that a bug is fixed, and testing all that is said to be."""

from typing import Annotated

import typer
from rich.text import Text

from retrace_app.actions import incidents, verify_resolved
from retrace_app.actions.fix import FixHow
from retrace_app.cli import fixing, running
from retrace_app.cli.messages import console, notice, printable, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, actor, read_settings
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore

_REGRESSED = 1


def resolve_issue(
    issue: Annotated[str, typer.Argument(metavar="ISSUE", help="bug_…, or its incident.")],
    *,
    config: ConfigOption = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever reads it later.")] = "",
    json: JsonOption = False,
) -> None:
    """Say that a bug is fixed; it is regressed as soon as it happens again."""
    home = read_settings(config).home
    with Lake(home) as lake, StateStore.open(home) as state:
        decided = incidents.resolve(lake, state, issue, actor=actor(), reason=reason)
    if json:
        write_json(decided)
        return
    console().print(Text.assemble(("✓ ", "bold green"), (decided.incident.public_id, "bold"), " is resolved"))


def verify_all_resolved(
    *,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Incidents at most.")] = verify_resolved.DEFAULT_LIMIT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which tests would run.")] = False,
    app_url: running.AppUrlOption = "",
    start_cmd: fixing.StartOption = "",
    repo: fixing.RepoOption = "",
    times: running.TimesOption = 1,
    json: JsonOption = False,
) -> None:
    """Run the tests of resolved incidents: green is verified, red is regressed. Exit code 1 when one is regressed."""
    settings = read_settings(config)
    if dry_run:
        plans = verify_resolved.planned(settings, limit)
        if json:
            write_json(plans)
            return
        for plan in plans:
            line = f"  {printable(plan.title)}  {plan.spec_id or 'no test yet'}"
            console().print(Text.assemble((plan.incident_id, "bold"), line))
        notice(f"{len(plans)} would be tested.")
        return
    how = FixHow(repo=repo, start_command=start_cmd)
    with fixing.telling() as tell:
        tell("Testing what is said to be fixed")
        done = verify_resolved.verify_resolved(settings, how, limit=limit, times=times, app_url=app_url)
    if json:
        write_json(done)
    elif done:
        for each in done:
            console().print(fixing.verified_shown(each))
    else:
        notice("No incident is resolved and unverified.")
    if any(each.outcome == "regressed" for each in done):
        raise typer.Exit(_REGRESSED)
