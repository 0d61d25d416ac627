"""`retrace api`: the door, and the SDK keys that may post to it."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from retrace_app.actions import workspace
from retrace_app.cli import process_replays
from retrace_app.cli.messages import console, notice, printable, write_json
from retrace_app.cli.options import (
    ConfigOption,
    EnvironmentOption,
    JsonOption,
    OrganizationOption,
    PortOption,
    ProjectOption,
    base_url,
    host_name,
    read_settings,
)
from retrace_resources.state import SdkKeyRecord

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def group() -> None:
    """Serve the ingest API and manage the SDK keys that may post to it."""


@app.command()
def serve(
    *,
    config: ConfigOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.", callback=host_name)] = "127.0.0.1",
    port: PortOption = workspace.DEFAULT_PORT,
    workers: Annotated[int, typer.Option(help="Processes that take requests.", min=1, max=64)] = 1,
) -> None:
    """Take what browsers send, until Ctrl-C; what is acknowledged is on disk."""
    from retrace_app.http.ingest.serve import serve as become_the_door  # noqa: PLC0415 - no other command needs it

    settings = read_settings(config)
    notice(f"Starting the door at {workspace.door_url('http', host, port)} for {settings.home}; Ctrl-C stops it.")
    become_the_door(settings.home, host, port, workers, replay_limit=settings.rate_limits.replay)


app.command("process-replays")(process_replays.process_replays)


@app.command()
def create_sdk_key(
    *,
    config: ConfigOption = None,
    org: OrganizationOption = "Local",
    project: ProjectOption = "Default",
    environment: EnvironmentOption = "production",
    name: Annotated[str, typer.Option(help="What to call the SDK key.")] = "Browser SDK",
    api_base_url: Annotated[
        str, typer.Option(help="Where browsers reach the door.", callback=base_url)
    ] = workspace.DEFAULT_BASE_URL,
    json: JsonOption = False,
) -> None:
    """Mint an SDK key; its workspace is made if it is new."""
    names = workspace.Names(org, project, environment)
    key = workspace.create_sdk_key(read_settings(config), names, api_base_url, name)
    if json:
        write_json(key)
        return
    out = console()
    for label, value in (("Key id", key.key_id), ("SDK key", key.sdk_key), ("Sentry DSN", key.sentry_dsn)):
        out.print(Text.assemble((f"{label:<12}", "dim"), value), soft_wrap=True)
    out.print(Text("\n" + key.snippet, style="cyan"), soft_wrap=True, end="")
    notice("Copy the key now: only its hash is kept, so it cannot be shown again.")


@app.command()
def list_sdk_keys(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the SDK keys, oldest first, revoked ones too."""
    keys = workspace.list_sdk_keys(read_settings(config))
    if json:
        write_json(keys)
    elif keys:
        console().print(_table(keys))
    else:
        notice("There is no SDK key yet; `retrace quickstart` mints one.")


@app.command()
def revoke_sdk_key(
    key_id: Annotated[str, typer.Argument(help="Id of the key (key_…), as list-sdk-keys shows it.")],
    *,
    config: ConfigOption = None,
) -> None:
    """Revoke an SDK key: the door refuses it from its next request on."""
    workspace.revoke_sdk_key(read_settings(config), key_id)
    notice(f"{key_id} is revoked.")


def _table(keys: list[SdkKeyRecord]) -> Table:
    table = Table("ID", "KEY", "NAME", "PROJECT", "ENVIRONMENT", "CREATED", "REVOKED", box=None, pad_edge=False)
    for key in keys:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}Z" if key.revoked_at else "-"
        created = f"{key.created_at:%Y-%m-%d %H:%M}Z"
        cells = (key.id, key.masked, key.name, key.project, key.environment, created, revoked)
        table.add_row(*(Text(printable(cell)) for cell in cells), style="dim" if key.revoked_at else None)
    return table
