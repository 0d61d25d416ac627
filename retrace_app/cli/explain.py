"""`retrace explain`: why a signal fired."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from retrace_app.actions.explain import Explanation, Link, Rule, explain
from retrace_app.cli.messages import console, printable, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, read_settings
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore

app = typer.Typer(add_completion=False)

_EVENTS_SHOWN = 8


@app.command("explain")
def run(
    signal: Annotated[str, typer.Argument(metavar="SIGNAL", help="Id of a signal, sig_….")],
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say why a signal fired, by which rule, what it follows from, and what would have kept it from firing."""
    settings = read_settings(config)
    with Lake(settings.home) as lake, StateStore.open(settings.home) as state:
        found = explain(settings, lake, state, signal)
    if json:
        write_json(found)
        return
    console().print(_panel(found))
    lines = [Text.assemble("  ", (command, "green")) for command in found.next]
    console().print(Text("\n").join([Text("\nNext", "bold"), *lines]))


def _panel(found: Explanation) -> Panel:
    sections = [_what(found), _evidence(found), _chain(found), _rule(found.rule), _incident(found)]
    body = [part for section in sections if section is not None for part in (section, Text())]
    title = Text.assemble((found.signal_id, "bold"), "  ", found.detector)
    return Panel(Group(*body[:-1]), title=title, title_align="left", border_style="dim", padding=(1, 2))


def _what(found: Explanation) -> RenderableType:
    again = f", {found.count:,} times" if found.count > 1 else ""
    facts = {
        "Why": found.counterfactual,
        "Expected": found.expected,
        "Points at": found.suspect,
        "Judged": f"{found.severity} severity, {found.confidence} confidence: {', '.join(found.reason_codes)}",
        "When": f"{found.occurred_at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + f"Z, {found.offset_ms:,} ms into the visit{again}",
        "Where": found.url or found.route,
        "Session": f"{found.session_id} ({found.replay_id}), window {found.window_id or '-'}",
    }
    return Group(Text(printable(found.message), "bold"), Text(), _grid(facts))


def _evidence(found: Explanation) -> RenderableType:
    events = [f"{event['event_id']} at {event['at']}" for event in found.events[:_EVENTS_SHOWN]]
    if len(found.events) > _EVENTS_SHOWN or found.count > len(found.events):
        events.append(f"and {found.count - min(len(found.events), _EVENTS_SHOWN):,} more")
    after = found.after_click
    facts = {
        "Events": "\n".join(events),
        "Control": _named(found.element, ("role", "name", "test_id", "css", "tag")) or found.target,
        "Request": _request(found.request),
        "Error": (found.error or {}).get("message"),
        "Stack": (found.error or {}).get("stack"),
        "After a click": f"on {after['target']}, {after['ms']:,} ms before" if after else None,
    }
    return Group(Text("Evidence", "bold"), _grid({name: text for name, text in facts.items() if text}))


def _chain(found: Explanation) -> RenderableType | None:
    if not found.causes and not found.consequences:
        return None
    lines = [Text.assemble("  follows from ", *_link(link)) for link in found.causes]
    lines += [Text.assemble("  led to ", *_link(link)) for link in found.consequences]
    return Group(Text("Causes", "bold"), *lines)


def _link(link: Link) -> tuple[str | tuple[str, str], ...]:
    why = f", since {link.because}" if link.because else ""
    return (link.signal_id, "bold"), f" {link.detector}: {printable(link.message)}", (printable(why), "dim")


def _rule(rule: Rule | None) -> RenderableType:
    if rule is None:
        return Group(Text("Rule", "bold"), Text("  Its detector is not part of this version of Retrace."))
    thresholds = [f"{each.name} {each.value:,} ({each.source})" for each in rule.thresholds]
    facts = {"Thresholds": ", ".join(thresholds) or "none", "Made by": rule.signal_version}
    if rule.has_changed:
        now = rule.version if rule.enabled else "switched off"
        facts["Changed"] = f"yes, in force now: {now}; the next rescan judges it anew"
    else:
        facts["Changed"] = "no, the same rule is in force"
    return Group(Text("Rule", "bold"), _grid(facts))


def _incident(found: Explanation) -> RenderableType:
    if found.incident is None:
        return Text("It has not become an incident yet.", "dim")
    brief = found.incident
    return Text.assemble(("Incident  ", "bold"), brief.public_id, f" is {brief.status}: {printable(brief.title)}")


def _request(request: Mapping[str, Any] | None) -> str | None:
    if not request:
        return None
    took = request.get("duration_ms")
    return f"{request.get('method')} {request.get('url')} → {request.get('status') or 'no answer'}" + (
        f" after {took:,.0f} ms" if took is not None else ""
    )


def _named(element: Mapping[str, Any] | None, names: tuple[str, ...]) -> str | None:
    return ", ".join(f"{name} {element[name]}" for name in names if element.get(name)) if element else None


def _grid(cells: Mapping[str, str | None]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=13)
    grid.add_column(overflow="fold")
    for name, text in cells.items():
        grid.add_row(f"  {name}", Text(printable(text or "-")))
    return grid
