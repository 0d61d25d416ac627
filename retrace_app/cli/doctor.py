"""`retrace doctor`: is this installation well, and if not, which part."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from retrace_app.actions.doctor.examination import Examination, examine
from retrace_app.actions.doctor.finding import Finding
from retrace_app.cli.messages import EXIT_REFUSED, console, notice, printable, write_json
from retrace_app.cli.options import ConfigOption, JsonOption

app = typer.Typer(add_completion=False)

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@app.command("doctor")
def run(
    *,
    config: ConfigOption = None,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what is safe to repair, and say what was done.")] = False,
    json: JsonOption = False,
) -> None:
    """Check every part of this installation; exits with 1 when one of them is broken.

    Asks PostHog, the model provider and GitHub only when they are configured.
    """
    examination = examine(config, fix=fix)
    if json:
        write_json(examination)
    else:
        console().print(_table(examination))
        notice(_verdict(examination))
    if not examination.healthy:
        raise typer.Exit(EXIT_REFUSED)


def _table(examination: Examination) -> Table:
    table = Table("", "CHECK", "FOUND", "NEXT", box=None, pad_edge=False)
    for finding in examination.findings:
        mark = Text(finding.status, style=_STYLES[finding.status])
        table.add_row(mark, finding.name, Text(_found(finding)), Text(printable(finding.next_step)))
    return table


def _found(finding: Finding) -> str:
    repaired = f"\nrepaired: {finding.repaired}" if finding.repaired else ""
    return printable(finding.found + repaired)


def _verdict(examination: Examination) -> str:
    failed = [finding.name for finding in examination.findings if finding.status == "fail"]
    if failed:
        return f"Broken: {', '.join(failed)}."
    warned = [finding.name for finding in examination.findings if finding.status == "warn"]
    return f"Well, but look at: {', '.join(warned)}." if warned else "All is well."
