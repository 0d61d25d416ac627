"""`retrace cost`: what the calls of a language model cost."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from retrace_app.actions.cost import Cost, CostSummary, summarise_cost
from retrace_app.cli.messages import console, notice, printable, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, read_settings

app = typer.Typer(add_completion=False, no_args_is_help=True)

_SPAN = re.compile(r"([1-9]\d{0,4})\s*([dh]?)", re.ASCII)


class ByName(StrEnum):
    """What `--by` takes."""

    MODEL = "model"
    PURPOSE = "purpose"
    DAY = "day"


def _span(text: str) -> timedelta:
    """Days, unless hours are said: `30d`, `24h`, `7`."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter("expected days or hours such as 30d, 24h or 7")
    number = int(found[1])
    return timedelta(hours=number) if found[2] == "h" else timedelta(days=number)


@app.callback()
def group() -> None:
    """See what the calls of a language model cost."""


@app.command("summary")
def summary_command(
    *,
    config: ConfigOption = None,
    since: Annotated[str, typer.Option(metavar="SPAN", help="How far back: 30d, 24h, or days.")] = "30d",
    by: Annotated[ByName, typer.Option(help="What is summed up together.")] = ByName.MODEL,
    json: JsonOption = False,
) -> None:
    """Sum up calls, tokens and US dollars; what has no price is counted apart, never guessed."""
    summary = summarise_cost(read_settings(config), since=_span(since), by=by.value)
    if json:
        write_json(summary)
    elif summary.rows:
        _show(summary)
    else:
        notice("No language model was called in this time.")


def _show(summary: CostSummary) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(summary.by.upper(), overflow="fold", ratio=1)
    for name in ("CALLS", "FAILED", "TOKENS IN", "TOKENS OUT", "USD"):
        table.add_column(name, no_wrap=True, justify="right")
    for row in (*summary.rows, summary.total):
        table.add_row(Text(printable(row.key), "bold" if row is summary.total else ""), *_figures(row))
    out = console()
    out.print(table)
    out.print()
    if summary.total.unpriced:
        calls = "1 call has" if summary.total.unpriced == 1 else f"{summary.total.unpriced:,} calls have"
        out.print(Text(f"{calls} no price in the list: their tokens are counted, their cost is not", "yellow"))
    out.print(Text(f"prices as listed on {summary.prices_of}, without discounts", "dim"))


def _figures(row: Cost) -> list[str]:
    is_unpriced = row.unpriced and not row.cost_usd
    counts = [f"{count:,}" for count in (row.calls, row.failed, row.input_tokens, row.output_tokens)]
    return [*counts, "no price" if is_unpriced else f"{row.cost_usd:,.4f}"]
