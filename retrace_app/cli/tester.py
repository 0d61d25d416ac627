"""`retrace tester`: regression tests, made of recordings or by hand, as files."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from retrace_app.actions import specs
from retrace_app.actions.reproduce import How, heal, list_runs, make_spec, run_test, show_run
from retrace_app.actions.shorten import shorten
from retrace_app.cli import api_tests, running
from retrace_app.cli.messages import console, notice, printable, warning, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, read_settings
from retrace_assets.specs.minimise import MOST_TRIES
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Spec
from retrace_core.spec_file import write_spec
from retrace_resources.run_records import RUN_ID

app = typer.Typer(add_completion=False, no_args_is_help=True)

SpecArgument = Annotated[str, typer.Argument(metavar="SPEC", help="Id of a test, as `retrace tester list` shows it.")]
AppUrlOption = Annotated[str, typer.Option("--app-url", help="Where the app runs.", show_default="the test's own")]
_StepsOption = Annotated[
    Path | None, typer.Option(help="JSON file with the list of steps.", exists=True, dir_okay=False)
]
_AssertionsOption = Annotated[
    Path | None, typer.Option(help="JSON file with the list of assertions.", exists=True, dir_okay=False)
]


@app.callback()
def group() -> None:
    """Make, run and keep regression tests."""


@app.command("list")
def list_command(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the UI tests."""
    briefs, broken = specs.list_specs(read_settings(config))
    for each in broken:
        warning(f"{each.spec_id} is not listed: {each.problem}")
    if json:
        write_json(briefs)
    elif briefs:
        _show_list(briefs)
    elif not broken:
        notice("There are no tests yet. Make one: retrace tester from-replay-issue INC-…")


@app.command("show")
def show_command(spec: SpecArgument, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show a test: its steps, what it asserts, what it needs."""
    found = specs.show_spec(read_settings(config), spec)
    if json:
        write_json(found)
        return
    _show(found)


@app.command("create")
def create_command(
    *,
    config: ConfigOption = None,
    name: Annotated[str, typer.Option(help="What it tests.")],
    prompt: Annotated[str, typer.Option(help="The same in words, for people.")] = "",
    app_url: AppUrlOption = "",
    start_cmd: Annotated[str, typer.Option(help="Command that starts the app.")] = "",
    steps_file: _StepsOption = None,
    assertions_file: _AssertionsOption = None,
    auth_mode: Annotated[str, typer.Option(help="none, form, jwt or headers.")] = "",
    auth_login_url: Annotated[str, typer.Option(help="Page with the login form.")] = "",
    auth_username: Annotated[
        str, typer.Option(help="Account to log in with; its password is RETRACE_TESTER_AUTH_PASSWORD.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Write a test by hand; without steps it looks whether the app answers and shows something."""
    made = specs.create_spec(
        read_settings(config),
        name,
        prompt=prompt,
        app_url=app_url,
        start_command=start_cmd,
        steps=_read_list(steps_file),
        assertions=_read_list(assertions_file),
        auth_mode=auth_mode,
        auth_login_url=auth_login_url,
        auth_username=auth_username,
    )
    _show_saved(made, json=json)


@app.command("edit")
def edit_command(
    spec: SpecArgument,
    *,
    config: ConfigOption = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    prompt: Annotated[str | None, typer.Option(help="Other words for people.")] = None,
    app_url: Annotated[str | None, typer.Option(help="Another place where the app runs.")] = None,
    steps_file: _StepsOption = None,
    assertions_file: _AssertionsOption = None,
    json: JsonOption = False,
) -> None:
    """Change a test: what is given, or, without any option, in your editor ($VISUAL, $EDITOR).

    What is generated anew after that is proposed beside it and never overwrites it.
    """
    settings = read_settings(config)
    given = (name, prompt, app_url, steps_file, assertions_file)
    if all(value is None for value in given):
        edited = specs.replace_spec(settings, spec, _in_editor(write_spec(specs.show_spec(settings, spec))))
    else:
        steps, assertions = _read_list(steps_file), _read_list(assertions_file)
        edited = specs.edit_spec(
            settings, spec, name=name, prompt=prompt, app_url=app_url, steps=steps, assertions=assertions
        )
    _show_saved(edited, json=json)


@app.command("accept")
def accept_command(
    spec: SpecArgument,
    *,
    config: ConfigOption = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the test as it is, and drop what is proposed.")] = False,
    json: JsonOption = False,
) -> None:
    """Put what is proposed in the place of a test that was edited."""
    answer = specs.reject_proposal if keep else specs.accept_proposal
    _show_saved(answer(read_settings(config), spec), json=json)


@app.command("from-replay-issue")
def from_replay_issue_command(
    issue: Annotated[str, typer.Argument(metavar="INCIDENT", help="INC-…, an id merged into it, or bug_….")],
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make a test of an incident's recording, without running it."""
    made = make_spec(read_settings(config), issue)
    if json:
        write_json(made)
        return
    _show(made)
    notice(f"\nNext: retrace tester run {made.spec_id} --app-url URL")


@app.command("run")
def run_command(
    spec: SpecArgument,
    *,
    config: ConfigOption = None,
    app_url: running.AppUrlOption = "",
    start_cmd: running.StartOption = "",
    reset_cmd: running.ResetOption = "",
    build: running.BuildOption = "",
    times: running.TimesOption = 1,
    storage_state: running.StateOption = None,
    hermetic: running.HermeticOption = False,
    headed: running.HeadedOption = False,
    browser: running.BrowserOption = running.BrowserChoice.CHROMIUM,
    retries: running.RetriesOption = None,
    json: JsonOption = False,
) -> None:
    """Run a test. Exit code 0: green; 1: red; 4: inconclusive, and why."""
    how = How(
        app_url=app_url,
        start_command=start_cmd,
        reset_command=reset_cmd,
        build=build,
        times=times,
        storage_state=storage_state,
        hermetic=hermetic,
        headed=headed,
        browser=browser.value,
        retries=retries,
    )
    with running.following(times) as on_run:
        done = run_test(read_settings(config), spec, how, on_run)
    if json:
        write_json(done)
    else:
        console().print(running.shown(done))
    if code := {"not_reproduced": 0, "reproduced": 1, "inconclusive": running.INCONCLUSIVE}[done.verdict]:
        raise typer.Exit(code)


@app.command("runs")
def runs_command(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="Id of a test, or of a run to see it whole.")],
    *,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 25,
    json: JsonOption = False,
) -> None:
    """List the runs of a test, the latest first, or show one."""
    settings = read_settings(config)
    if RUN_ID.fullmatch(spec):
        run = show_run(settings, spec)
        write_json(run) if json else console().print(running.run_shown(run))
        return
    rows = list_runs(settings, spec, limit)
    if json:
        write_json(rows)
    elif rows:
        console().print(running.runs_shown(rows))
    else:
        notice(f"{spec} was not run yet: retrace tester run {spec}")


@app.command("heal")
def heal_command(spec: SpecArgument, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Take into a test by which fallbacks its latest run found what its locators had lost."""
    _show_saved(heal(read_settings(config), spec), json=json)


@app.command("export")
def export_command(
    spec: SpecArgument,
    *,
    config: ConfigOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", dir_okay=False, help="File to write, such as checkout.spec.ts."),
    ] = None,
) -> None:
    """Write a test as a plain @playwright/test file, which needs nothing of Retrace."""
    text = specs.export_spec(read_settings(config), spec)
    if output is None:
        typer.echo(text, nl=False)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, "utf-8")
    notice(f"{output}: run it with APP_URL=… npx playwright test")


@app.command("minimise")
def minimise_command(
    spec: SpecArgument,
    *,
    config: ConfigOption = None,
    app_url: running.AppUrlOption = "",
    start_cmd: running.StartOption = "",
    reset_cmd: running.ResetOption = "",
    green_url: Annotated[
        str, typer.Option(metavar="URL", help="A build without the bug, where what is shorter must stay green.")
    ] = "",
    storage_state: running.StateOption = None,
    tries: Annotated[int, typer.Option(min=1, max=200, help="How many shorter tests are tried at most.")] = MOST_TRIES,
    json: JsonOption = False,
) -> None:
    """Drop the steps a failure does not need, by trying on the app that has the bug."""
    with running.following(tries, "Trying without some steps") as on_try:
        done = shorten(
            read_settings(config),
            spec,
            app_url=app_url,
            start_command=start_cmd,
            reset_command=reset_cmd,
            green_url=green_url,
            storage_state=storage_state,
            most_tries=tries,
            on_try=on_try,
        )
    if json:
        write_json(done)
        return
    before = len(done.spec.exact_steps) + len(done.dropped)
    went = f"without {', '.join(done.dropped)}" if done.dropped else "every step is needed"
    said = f"{spec}: {before} → {len(done.spec.exact_steps)} steps in {done.tries} tries; {went}"
    console().print(Text.assemble(("✓ ", "bold green"), printable(said)))


api_tests.add_to(app)


def _read_list(path: Path | None) -> list[Any] | None:
    if path is None:
        return None
    try:
        value = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise RetraceError(ErrorCode.INVALID_SPEC, f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(value, list):
        raise RetraceError(ErrorCode.INVALID_SPEC, f"{path} holds no JSON list")
    return value


def _in_editor(content: bytes) -> bytes:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise typer.BadParameter("name what is to change, or set EDITOR")
    with tempfile.TemporaryDirectory(prefix="retrace-") as folder:
        path = Path(folder) / "spec.json"
        path.write_bytes(content)
        # The editor is the user's own choice, and may have arguments: `code --wait`.
        if subprocess.run([*shlex.split(editor), path], check=False).returncode:
            raise typer.Abort
        return path.read_bytes()


def _show_list(briefs: list[specs.SpecBrief]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("ID", no_wrap=True)
    table.add_column("STEPS", justify="right")
    table.add_column("ASSERTS", overflow="fold")
    table.add_column("NAME", overflow="fold", ratio=1)
    for brief in briefs:
        note = " (a newer version is proposed)" if brief.has_proposal else ""
        name = Text.assemble(printable(brief.name), (note, "yellow"))
        table.add_row(Text(brief.spec_id, "bold"), str(brief.steps), Text(", ".join(brief.assertions)), name)
    console().print(table)


def _show(spec: Spec) -> None:
    out = console()
    out.print(Text(printable(spec.name), "bold"))
    out.print(Text(printable(spec.prompt), "dim"))
    for number, step in enumerate(spec.exact_steps, 1):
        said = {name: value for name, value in msgspec.to_builtins(step).items() if name not in _NOT_SHOWN}
        out.print(Text(f"{number:>4}. {type(step).__struct_config__.tag:<9} {printable(_brief(said))}"))
    for assertion in spec.assertions:
        said = {name: value for name, value in msgspec.to_builtins(assertion).items() if name not in _NOT_SHOWN}
        out.print(
            Text.assemble(("   ✓ ", "green"), f"{type(assertion).__struct_config__.tag}  {printable(_brief(said))}")
        )
    for name, needed in spec.inputs.items():
        given = f"{needed.env or '-'}" + (f", else {needed.example!r}" if needed.example else ", no default")
        out.print(Text(f"   needs {name} ({needed.kind}): {printable(given)}", "dim"))


_NOT_SHOWN = frozenset(("id", "action", "type", "source", "signal", "before", "fallbacks"))


def _brief(said: dict[str, Any]) -> str:
    locator = said.pop("locator", None)
    where = _place(locator) if locator else ""
    return "  ".join(filter(None, [where, *(f"{name}={value}" for name, value in said.items())]))


def _place(locator: dict[str, Any]) -> str:
    name = f" “{locator['name']}”" if locator.get("name") else ""
    nth = f" #{locator['nth']}" if locator.get("nth") is not None else ""
    within = f" in {_place(locator['within'])}" if locator.get("within") else ""
    return f"{locator['by']}={locator['value']}{name}{nth}{within}"


def _show_saved(spec: Spec, *, json: bool) -> None:
    if json:
        write_json(spec)
        return
    steps = len(spec.exact_steps)
    said = f"{spec.spec_id}: {steps} step{'' if steps == 1 else 's'}, {len(spec.assertions)} to hold"
    console().print(Text.assemble(("✓ ", "bold green"), said))
