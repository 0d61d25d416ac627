"""`retrace quickstart`: from an empty folder to a snippet to paste."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from retrace_app.actions.setup import Setup, quickstart
from retrace_app.actions.workspace import DEFAULT_PORT, Names, door_url
from retrace_app.cli.messages import console, notice, write_json
from retrace_app.cli.options import (
    ConfigOption,
    EnvironmentOption,
    JsonOption,
    OrganizationOption,
    PortOption,
    ProjectOption,
    host_name,
)
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.settings import DEFAULT_CONFIG_PATH

app = typer.Typer(add_completion=False)

# What each command of `Setup.next` is for, by its words.
_PURPOSES = {
    "retrace api serve": "take what browsers send",
    "retrace up": "all of it: door, pipeline and UI",
    "retrace qa list": "see what was found",
}


@app.command("quickstart")
def run(
    *,
    config: ConfigOption = None,
    org: OrganizationOption = "Local",
    project: ProjectOption = "Default",
    environment: EnvironmentOption = "production",
    api_host: Annotated[str, typer.Option(help="Host browsers reach the door at.", callback=host_name)] = "127.0.0.1",
    api_port: PortOption = DEFAULT_PORT,
    api_scheme: Annotated[Literal["http", "https"], typer.Option(help="Scheme of the door.")] = "http",
    name: Annotated[str, typer.Option(help="What to call the SDK key.")] = "Browser SDK",
    json: JsonOption = False,
    write_snippet: Annotated[Path | None, typer.Option(help="Also write the snippet to this file.")] = None,
) -> None:
    """Set up this folder: configuration, state store, an SDK key, and a snippet for your app.

    What exists is kept. A key is shown only once, so every run mints another.
    """
    base_url = door_url(api_scheme, api_host, api_port)
    setup = quickstart(config, Names(org, project, environment), base_url, name)
    if json:
        write_json(setup)
    else:
        _show(setup, f"{project} / {environment}", config or DEFAULT_CONFIG_PATH)
    if write_snippet:
        _write(write_snippet, setup.snippet)


def _show(setup: Setup, workspace: str, config_path: Path) -> None:
    out = console()
    out.print(Text.assemble(("✓ ", "bold green"), ("Retrace is ready.", "bold")))
    files = {str(config_path): setup.created.config, str(config_path.parent / ".env"): setup.created.env}
    written = [name for name, new in files.items() if new]
    values = {
        "Wrote": ", ".join(written) or f"nothing: {' and '.join(files)} were there",
        "Workspace": workspace,
        "Project id": setup.project_id,
        "Environment id": setup.environment_id,
        "SDK key": setup.sdk_key,
        "Ingest": setup.ingest_url,
        "Sentry DSN": setup.sentry_dsn,
    }
    out.print()
    for label, value in values.items():
        # Wrapped by the terminal if at all: these are copied.
        out.print(Text.assemble((f"  {label:<16}", "dim"), value), soft_wrap=True)
    out.print()
    out.print(Text(_about_keys(setup), style="dim"))
    out.print("\nPaste this into the <head> of your app:\n", markup=False, style="bold")
    out.print(Text(setup.snippet, style="cyan"), soft_wrap=True)
    out.print("Next", style="bold")
    table = Table.grid(padding=(0, 3))
    for command in setup.next:
        purpose = next((text for words, text in _PURPOSES.items() if command.startswith(words)), "")
        table.add_row(Text(f"  {command}", style="green"), Text(purpose, style="dim"))
    out.print(table)


def _about_keys(setup: Setup) -> str:
    once = "Copy the key now: only its hash is kept, so it cannot be shown again."
    if not setup.earlier_keys:
        return once
    several = f"one of {len(setup.earlier_keys)}, " if len(setup.earlier_keys) > 1 else ""
    return f"There was a key already ({several}{setup.earlier_keys[-1]}); this is another, and both work.\n{once}"


def _write(path: Path, snippet: str) -> None:
    try:
        path.write_text(snippet, "utf-8")
    except OSError as error:
        raise RetraceError(ErrorCode.FILE_UNWRITABLE, f"{path}: {error.strerror}") from error
    notice(f"The snippet is in {path}.")
