"""Keys on the command line: `retrace api create-sdk-key`, `create-service-token`, and `keys list` and `keys revoke`."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from retrace_app.actions import keys
from retrace_app.actions.workspace import DEFAULT_BASE_URL, Names
from retrace_app.cli.messages import console, notice, printable, write_json
from retrace_app.cli.options import (
    BaseUrlOption,
    ConfigOption,
    EnvironmentOption,
    JsonOption,
    OrganizationOption,
    ProjectOption,
    read_settings,
)
from retrace_core.scopes import SCOPES
from retrace_resources.state import KeyRecord

ONCE = "Copy the {} now: only its hash is kept, so it cannot be shown again."

group = typer.Typer(add_completion=False, no_args_is_help=True, help="List and revoke SDK keys and service tokens.")


def create_sdk_key(
    *,
    config: ConfigOption = None,
    org: OrganizationOption = "Local",
    project: ProjectOption = "Default",
    environment: EnvironmentOption = "production",
    name: Annotated[str, typer.Option(help="What to call the SDK key.")] = "Browser SDK",
    api_base_url: BaseUrlOption = DEFAULT_BASE_URL,
    json: JsonOption = False,
) -> None:
    """Mint an SDK key, which may only send to one environment; its workspace is made if it is new."""
    key = keys.create_sdk_key(read_settings(config), Names(org, project, environment), api_base_url, name)
    if json:
        write_json(key)
        return
    _show({"Key id": key.key_id, "SDK key": key.sdk_key, "Sentry DSN": key.sentry_dsn})
    console().print(Text("\n" + key.snippet, style="cyan"), soft_wrap=True, end="")
    notice(ONCE.format("key"))


def create_service_token(
    *,
    config: ConfigOption = None,
    org: OrganizationOption = "Local",
    project: ProjectOption = "Default",
    environment: EnvironmentOption = "production",
    name: Annotated[str, typer.Option(help="What to call the token.")] = "Service token",
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"What it may do, once or more: {', '.join(SCOPES)}.", show_default="mcp:read"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Mint a service token, which may do what its scopes say in the whole project, whatever the environment."""
    names = Names(org, project, environment)
    token = keys.create_service_token(read_settings(config), names, name, scope or ["mcp:read"])
    if json:
        write_json(token)
        return
    _show(
        {
            "Token id": token.token_id,
            "Token": token.service_token,
            "Scopes": ", ".join(token.scopes),
            "Project id": token.project_id,
            "Environment id": token.environment_id,
        }
    )
    notice(ONCE.format("token"))


@group.command("list")
def list_keys(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List SDK keys and service tokens, oldest first, revoked ones too."""
    records = keys.list_keys(read_settings(config))
    if json:
        write_json(records)
    elif records:
        console().print(_table(records))
    else:
        notice("There is no key yet; `retrace quickstart` mints one.")


@group.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key or token (key_… or tok_…), as `list` shows it.")],
    *,
    config: ConfigOption = None,
) -> None:
    """Revoke an SDK key or service token: it is refused from its next request on."""
    keys.revoke_key(read_settings(config), key_id)
    notice(f"{key_id} is revoked.")


def _show(values: dict[str, str]) -> None:
    for label, value in values.items():
        console().print(Text.assemble((f"{label:<16}", "dim"), value), soft_wrap=True)


def _table(records: list[KeyRecord]) -> Table:
    headings = ("ID", "KEY", "NAME", "PROJECT", "ENVIRONMENT", "SCOPES", "CREATED", "LAST USED", "REVOKED")
    table = Table(*headings, box=None, pad_edge=False)
    for record in records:
        times = (record.created_at, record.last_used_at, record.revoked_at)
        cells = (
            record.id,
            record.masked,
            record.name,
            record.project,
            record.environment or "all",
            ", ".join(record.scopes) or "send only",
            *(f"{time:%Y-%m-%d %H:%M}Z" if time else "-" for time in times),
        )
        table.add_row(*(Text(printable(cell)) for cell in cells), style="dim" if record.revoked_at else None)
    return table
