"""Which commands there are. To add one, write its module and add its line to `COMMANDS`.

Belongs here: names, summaries, and how a module is imported only when its command runs, so that `retrace --help` costs
nothing but Typer. Does not: any command.

A command's module has `app = typer.Typer(add_completion=False)`: with one command and no callback it is that command
(`retrace quickstart`), with a callback it is a group (`retrace api serve`).
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command's name, the module in this package that has its `app`, and the sentence the overview shows."""

    name: str
    module: str
    summary: str


COMMANDS = (
    CommandLine("quickstart", "quickstart", "Set up this folder and print a snippet for your app."),
    CommandLine("init", "init", "Choose PostHog and a model, both optional."),
    CommandLine("up", "up", "Run door, pipeline and Dagster's UI until Ctrl-C."),
    CommandLine("qa", "qa", "See the incidents and decide about them."),
    CommandLine("tester", "tester", "Make, see, edit and run regression tests."),
    CommandLine("github", "github", "Connect the code that fixes go to."),
    CommandLine("repair", "repair", "See tries at fixes, try again, and look whether it helped."),
    CommandLine("suggest-fixes", "suggest_fixes", "Write prompts for Codex and Claude that name the likeliest files."),
    CommandLine("cost", "cost", "See what the calls of a language model cost."),
    CommandLine("explain", "explain", "Say why a signal fired, and what would have kept it from firing."),
    CommandLine("detectors", "detectors", "See, try and change the rules that find bugs."),
    CommandLine("sql", "sql", "Ask a question in SQL over what was recorded and found."),
    CommandLine("api", "api", "Serve the API, take in what landed, manage keys and tokens."),
    CommandLine("doctor", "doctor", "Check every part of this installation, and repair what is safe to."),
    CommandLine("demo", "demo", "Watch a visit to a small shop become an incident."),
    CommandLine("completion", "completion", "Print a script that completes commands in bash, zsh or fish."),
)


class DeferredCommand(TyperCommand):
    """A command known by name and summary, loaded when somebody runs it or asks for its help."""

    def __init__(self, line: CommandLine) -> None:
        """Stand in for the command of a line."""
        super().__init__(line.name, help=line.summary)
        self._module = line.module

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Hand over to the real command: from here on the context is its own."""
        app: typer.Typer = import_module(f"retrace_app.cli.{self._module}").app
        return get_command(app).make_context(*args, **kwargs)


def root() -> TyperGroup:
    """The `retrace` command with everything below it."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        callback=_overview,
    )
    group = cast(TyperGroup, get_command(app))
    for line in COMMANDS:
        group.add_command(DeferredCommand(line))
    return group


def _show_version(asked: bool) -> None:
    if asked:
        from importlib import metadata  # noqa: PLC0415 - a tenth of what `retrace --help` may cost

        try:
            version = metadata.version("retrace-qa")
        except metadata.PackageNotFoundError:
            version = "from a source tree"
        typer.echo(f"retrace {version}")
        raise typer.Exit


def _overview(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Your real users are your QA team: sessions in, incidents, red tests and proven fixes out."""
