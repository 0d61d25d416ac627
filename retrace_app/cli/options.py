"""Options that many commands share, and what they turn into.

Belongs here: an option's name, help and default, once. Does not: options of one command.
"""

import getpass
import re
from pathlib import Path
from typing import Annotated

import typer

from retrace_app.actions.workspace import check_base_url
from retrace_app.cli.messages import warning
from retrace_core.errors import RetraceError
from retrace_resources.settings import Settings, load_settings

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Configuration file; its .env lies beside it.", show_default="config.yaml"),
]
OrganizationOption = Annotated[str, typer.Option("--org", help="Organization of the workspace.")]
ProjectOption = Annotated[str, typer.Option("--project", help="Project of the workspace.")]
EnvironmentOption = Annotated[str, typer.Option("--environment", help="Environment of the workspace.")]
PortOption = Annotated[int, typer.Option(help="Port of the door.", min=1, max=65535)]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout, for programs.")]

# Hosts end up in URLs and in a page, so they are held to what needs no quoting there.
_HOST = re.compile(r"[\w.:-]+", re.ASCII)


def host_name(text: str) -> str:
    """Check a host name or address."""
    if not _HOST.fullmatch(text):
        raise typer.BadParameter("expected a host name or an IP address, without scheme or port")
    return text


def base_url(text: str) -> str:
    """Check a root URL, and drop the slashes at its end."""
    try:
        return check_base_url(text)
    except RetraceError:
        raise typer.BadParameter("expected a URL such as https://retrace.example.com") from None


BaseUrlOption = Annotated[str, typer.Option("--api-base-url", help="Where browsers reach the door.", callback=base_url)]


def read_settings(config_path: Path | None) -> Settings:
    """Read the configuration, and say on stderr what in it has no effect."""
    settings = load_settings(config_path)
    for text in settings.warnings:
        warning(text)
    return settings


def actor() -> str:
    """Who decides: the name of the account a command runs under."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container may run under an id that has no name.
        return "unknown"
