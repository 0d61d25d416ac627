"""`retrace qa fix | auto | verify`: from an incident to a draft pull request, and to the proof that it helped."""

from typing import Annotated

import typer
from rich.text import Text

from retrace_app.actions.fix import FixHow, auto, fix, verify_fix
from retrace_app.actions.reproduce import How
from retrace_app.cli import fixing, running
from retrace_app.cli.messages import console, notice, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, read_settings
from retrace_assets.test_runs.certify import TIMES

_NOT_REPRODUCED = 3
_REGRESSED = 1

IncidentArgument = Annotated[str, typer.Argument(metavar="INCIDENT", help="INC-…, an id merged into it, or bug_….")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `retrace qa`."""
    app.command("fix")(fix_command)
    app.command("auto")(auto_command)
    app.command("verify")(verify_command)


def fix_command(
    incident: IncidentArgument,
    *,
    config: ConfigOption = None,
    repo: fixing.RepoOption = "",
    repo_path: fixing.RepoPathOption = None,
    base: fixing.BaseOption = "",
    apply: fixing.ApplyOption = "",
    validate: fixing.ValidateOption = "",
    start_cmd: fixing.StartOption = "",
    times: fixing.TimesOption = 0,
    out: fixing.OutOption = None,
    open_pr: fixing.OpenOption = True,
    draft: fixing.DraftOption = True,
    unsafe_no_sandbox: fixing.UnconfinedOption = False,
    untested: fixing.UntestedOption = False,
    json: JsonOption = False,
) -> None:
    """Let an agent fix an incident on a copy, judge its patch, and open a draft pull request.

    Again updates the same branch and pull request. Exit code 0: there is one; 5: no patch was admitted.
    """
    how = FixHow(
        repo=repo,
        repo_path=repo_path,
        base=base,
        agent=apply,
        validate_command=validate,
        start_command=start_cmd,
        is_confined=not unsafe_no_sandbox,
        may_be_untested=untested,
        opens_request=open_pr,
        is_draft=draft,
        times=times,
        out=out,
    )
    with fixing.telling() as on_step:
        done = fix(read_settings(config), incident, how, on_step)
    if json:
        write_json(done)
    else:
        console().print(fixing.fixed_shown(done))
        if done.pr_url:
            notice(f"\nNext, once it is merged: retrace qa verify {done.incident_id}")
    if not done.is_published:
        raise typer.Exit(fixing.NOT_ADMITTED)


def auto_command(
    *,
    config: ConfigOption = None,
    incident: Annotated[str, typer.Option("--id", metavar="INCIDENT", help="This one, not the most urgent.")] = "",
    repo: fixing.RepoOption = "",
    repo_path: fixing.RepoPathOption = None,
    base: fixing.BaseOption = "",
    apply: fixing.ApplyOption = "",
    validate: fixing.ValidateOption = "",
    app_url: running.AppUrlOption = "",
    start_cmd: fixing.StartOption = "",
    build: running.BuildOption = "",
    times: running.TimesOption = 1,
    storage_state: running.StateOption = None,
    out: fixing.OutOption = None,
    project_id: fixing.ProjectIdOption = "",
    environment_id: fixing.EnvironmentIdOption = "",
    no_pr: Annotated[bool, typer.Option("--no-pr", help="Only a local branch; nothing is pushed.")] = False,
    draft: fixing.DraftOption = True,
    unsafe_no_sandbox: fixing.UnconfinedOption = False,
    json: JsonOption = False,
) -> None:
    """Take the most urgent incident, reproduce it, and fix it when it is red.

    Exit code 0: there is a draft pull request; 3: it was not reproduced; 4: inconclusive; 5: no patch was admitted.
    """
    how = FixHow(
        repo=repo,
        repo_path=repo_path,
        base=base,
        agent=apply,
        validate_command=validate,
        start_command=start_cmd,
        is_confined=not unsafe_no_sandbox,
        opens_request=not no_pr,
        is_draft=draft,
        out=out,
    )
    run_how = How(app_url=app_url, start_command=start_cmd, build=build, times=times, storage_state=storage_state)
    with fixing.telling() as on_step:
        done = auto(
            read_settings(config),
            how,
            run_how,
            incident_id=incident,
            tenant=fixing.tenant_of(project_id, environment_id),
            on_step=on_step,
            on_chosen=lambda chosen: notice(f"→ Working on {chosen}"),
        )
    if json:
        write_json(done)
    else:
        console().print(running.shown(done.repro))
        if done.fix:
            console().print(Text())
            console().print(fixing.fixed_shown(done.fix))
    if done.fix is None:
        raise typer.Exit(_NOT_REPRODUCED if done.repro.verdict == "not_reproduced" else running.INCONCLUSIVE)
    if not done.fix.is_published:
        raise typer.Exit(fixing.NOT_ADMITTED)


def verify_command(
    incident: IncidentArgument,
    *,
    config: ConfigOption = None,
    repo: fixing.RepoOption = "",
    repo_path: fixing.RepoPathOption = None,
    app_url: running.AppUrlOption = "",
    start_cmd: fixing.StartOption = "",
    times: Annotated[int, typer.Option(min=1, max=100, help="How often the test runs.")] = TIMES,
    unsafe_no_sandbox: fixing.UnconfinedOption = False,
    json: JsonOption = False,
) -> None:
    """Look whether an incident's fix was merged, and whether its test is green on that commit.

    Exit code 0: verified; 1: red again, the incident is regressed; 4: it cannot be told, and why.
    """
    how = FixHow(repo=repo, repo_path=repo_path, start_command=start_cmd, is_confined=not unsafe_no_sandbox)
    with fixing.telling() as on_step:
        on_step("Testing what was merged")
        done = verify_fix(read_settings(config), incident, how, times=times, app_url=app_url)
    if json:
        write_json(done)
    else:
        console().print(fixing.verified_shown(done))
    if done.outcome != "verified":
        raise typer.Exit(_REGRESSED if done.outcome == "regressed" else running.INCONCLUSIVE)
