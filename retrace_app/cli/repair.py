"""`retrace repair`: tries at fixes, what became of each, another try, and whether it helped."""

from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from retrace_app.actions.fix import list_fixes, show_fix
from retrace_app.cli import qa_fix
from retrace_app.cli.messages import console, notice, printable, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, read_settings

app = typer.Typer(add_completion=False, no_args_is_help=True)

_OUTCOME_LOOKS = {"opened": "green", "updated": "green", "branch_ready": "green", "refused": "red"}
_LISTED = ("fix_id", "incident_id", "outcome", "agent", "repo")


@app.callback()
def group() -> None:
    """See tries at fixes, try again, and look whether it helped."""


@app.command("list")
def list_command(
    *,
    config: ConfigOption = None,
    incident: Annotated[str, typer.Option("--incident", metavar="INCIDENT", help="Only of this one.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 25,
    json: JsonOption = False,
) -> None:
    """List the tries, the latest first."""
    rows = list_fixes(read_settings(config), incident, limit=limit)
    if json:
        write_json(rows)
    elif rows:
        console().print(_table(rows))
    else:
        notice("No fix was tried yet: retrace qa fix INC-…")


@app.command("show")
def show_command(
    fix: Annotated[str, typer.Argument(metavar="FIX", help="fix_…, or an incident for its latest.")],
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show a try: what the gate said, the runs, the patch."""
    found = show_fix(read_settings(config), fix)
    write_json(found) if json else console().print(_shown(found))


app.command("run")(qa_fix.fix_command)
app.command("verify")(qa_fix.verify_command)


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in _LISTED:
        table.add_column(name.removesuffix("_id").upper(), no_wrap=True)
    table.add_column("WHAT CAME OF IT", overflow="fold", ratio=1)
    for row in rows:
        came = (
            row["pr_url"] or row["branch"] if row["branch"] else ": ".join(filter(None, [row["reason"], row["detail"]]))
        )
        cells = [Text(printable(str(row[name])), _OUTCOME_LOOKS.get(row[name], "")) for name in _LISTED]
        table.add_row(*cells, Text(printable(came)))
    return table


def _shown(row: dict[str, Any]) -> RenderableType:
    lines: list[RenderableType] = [
        Text.assemble(
            (row["fix_id"], "bold"),
            f"  {row['incident_id']}  ",
            (row["outcome"], _OUTCOME_LOOKS.get(row["outcome"], "")),
        ),
    ]
    facts = {
        "why": ": ".join(filter(None, [row["reason"], row["detail"]])),
        "request": row["pr_url"],
        "branch": row["branch"],
        "base": f"{row['base_branch']} at {row['base_sha'][:12]}",
        "agent": f"{row['agent']}, {'confined' if row['sandboxed'] else 'NOT confined'}",
        "test": f"{row['spec_id']}: red {len(row['red_run_ids'])}×, green {len(row['green_run_ids'])}×",
        "changes": ", ".join(row["files"]),
        "patch": row["patch_path"],
    }
    lines.extend(Text.assemble((f"  {name:<8}", "dim"), printable(text)) for name, text in facts.items() if text)
    if row["patch"]:
        lines += [Text(), Syntax(printable(row["patch"]), "diff", background_color="default", word_wrap=True)]
    return Group(*lines)
