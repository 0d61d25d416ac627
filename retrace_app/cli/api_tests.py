"""`retrace tester api-…`: tests that send requests, and hold what is answered against what is expected."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from retrace_app.actions import api_tests
from retrace_app.cli import running
from retrace_app.cli.messages import console, notice, printable, warning, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, read_settings
from retrace_core.api_spec import ApiSpec
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.test_run import Verdict

_EXIT: dict[Verdict, int] = {"not_reproduced": 0, "reproduced": 1, "inconclusive": running.INCONCLUSIVE}


def add_to(app: typer.Typer) -> None:
    """Add the commands to `retrace tester`."""
    app.command("api-from-replay-issue")(from_replay_issue_command)
    app.command("api-create")(create_command)
    app.command("api-list")(list_command)
    app.command("api-run")(run_command)


def from_replay_issue_command(
    issue: Annotated[str, typer.Argument(metavar="INCIDENT", help="INC-…, whose request failed.")],
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make an API test of an incident's failed request; one that is there already stays."""
    made = api_tests.make_api_spec(read_settings(config), issue)
    if json:
        write_json(made)
        return
    _show(made)
    notice(f"\nNext: retrace tester api-run {made.spec_id} --app-url URL")


def create_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The test as JSON.", exists=True, dir_okay=False)],
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Keep an API test that was written by hand, in the place of one of its name."""
    try:
        raw = msgspec.json.decode(file.read_bytes())
    except msgspec.DecodeError as error:
        raise RetraceError(ErrorCode.INVALID_SPEC, f"{file} is not JSON: {error}") from None
    made = api_tests.create_api_spec(read_settings(config), raw)
    if json:
        write_json(made)
    else:
        _show(made)


def list_command(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the API tests."""
    listed, broken = api_tests.list_api_specs(read_settings(config))
    for each in broken:
        warning(f"{each.spec_id} is not listed: {each.problem}")
    if json:
        write_json(listed)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("ID", no_wrap=True)
    table.add_column("REQUESTS", justify="right")
    table.add_column("NAME", overflow="fold", ratio=1)
    for spec in listed:
        table.add_row(Text(spec.spec_id, "bold"), str(len(spec.steps)), printable(spec.name))
    if listed:
        console().print(table)
    elif not broken:
        notice("There are no API tests yet. Make one: retrace tester api-from-replay-issue INC-…")


def run_command(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="Id of a test, as `retrace tester api-list` shows it.")],
    *,
    config: ConfigOption = None,
    app_url: running.AppUrlOption = "",
    start_cmd: running.StartOption = "",
    build: running.BuildOption = "",
    times: running.TimesOption = 1,
    json: JsonOption = False,
) -> None:
    """Run an API test. Exit code 0: green; 1: red; 4: inconclusive, and why."""
    runs = api_tests.run_api_test(
        read_settings(config), spec, app_url=app_url, start_command=start_cmd, build=build, times=times
    )
    if json:
        write_json(runs)
    else:
        for run in runs:
            console().print(running.run_shown(run))
    odd = next((run for run in runs if run.verdict != runs[0].verdict), None)
    if code := running.INCONCLUSIVE if odd else _EXIT[runs[0].verdict]:
        raise typer.Exit(code)


def _show(spec: ApiSpec) -> None:
    out = console()
    out.print(Text(printable(spec.name), "bold"))
    for number, step in enumerate(spec.steps, 1):
        wanted = "below 400" if step.expected_status == "ok" else step.expected_status
        out.print(Text(f"{number:>4}. {step.method} {printable(step.url)} is answered {wanted}"))
    for name, needed in spec.inputs.items():
        out.print(Text(f"   needs {name}: {needed.env or '-'}", "dim"))
    for note in spec.source.notes:
        out.print(Text(f"   {note}", "dim"))
