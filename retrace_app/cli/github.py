"""`retrace github`: the repositories that fixes go to; one that is on no host will do."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from retrace_app.actions import repositories
from retrace_app.actions.repositories import RepositoryBrief
from retrace_app.cli.messages import console, notice, printable, warning, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, read_settings

app = typer.Typer(add_completion=False, no_args_is_help=True)

RepoOption = Annotated[str, typer.Option("--repo", metavar="ORG/NAME", help="What it is called on its host.")]


@app.callback()
def group() -> None:
    """Connect the code that fixes go to."""


@app.command("connect")
def connect_command(
    *,
    config: ConfigOption = None,
    repo: Annotated[
        str,
        typer.Option(
            "--repo",
            metavar="ORG/NAME",
            help="What it is called on its host.",
            show_default="as its remote says, else local/<folder>",
        ),
    ] = "",
    local_path: Annotated[
        Path | None,
        typer.Option("--local-path", file_okay=False, help="Its checkout on this machine.", show_default="this folder"),
    ] = None,
    branch: Annotated[
        str, typer.Option("--branch", help="Branch that fixes are merged into.", show_default="the remote's own")
    ] = "",
    remote: Annotated[str, typer.Option(help="Remote that fixes are pushed to.")] = "origin",
    token_env: Annotated[
        str, typer.Option("--token-env", help="Variable with a token for the host; not needed where gh is logged in.")
    ] = "GITHUB_TOKEN",  # noqa: S107 - a name
    json: JsonOption = False,
) -> None:
    """Connect a checkout; nothing in it is changed."""
    made = repositories.connect(
        read_settings(config), repo, local_path, base=branch, remote=remote, token_env=token_env
    )
    if json:
        write_json(made)
        return
    line = Text.assemble(("✓ ", "bold green"), (made.name, "bold"), printable(f" is connected: {made.path}"))
    console().print(line)
    if not made.remote:
        notice("It has no remote: fixes become branches of it, and no pull request is opened.")
    notice(f"\nNext: retrace qa auto --repo {made.name}")


@app.command("list")
def list_command(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List what is connected."""
    found = repositories.list_repositories(read_settings(config))
    for each in found:
        if each.problem:
            warning(f"{each.name}: {each.problem}")
    if json:
        write_json(found)
    elif found:
        console().print(_table(found))
    else:
        notice("No repository is connected. Connect one: retrace github connect --repo org/name --local-path DIR")


@app.command("disconnect")
def disconnect_command(*, config: ConfigOption = None, repo: RepoOption) -> None:
    """Forget a repository; its files and its pull requests stay as they are."""
    repositories.disconnect(read_settings(config), repo)
    notice(f"{repo} is no longer connected.")


def _table(found: list[RepositoryBrief]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("NAME", "BRANCH", "COMMIT"):
        table.add_column(name, no_wrap=True)
    table.add_column("REMOTE", overflow="fold")
    table.add_column("PATH", overflow="fold", ratio=1)
    for each in found:
        shown = (each.base or "–", each.commit[:9] or "–", each.remote or "–", each.path)
        table.add_row(Text(each.name, "bold"), *(Text(printable(text)) for text in shown))
    return table
