"""How `retrace detectors` shows rules and differences to a person.

Belongs here: tables and words. Does not: commands (detectors) or what is in them (retrace_app.actions).
"""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from retrace_app.actions.detectors import COUNTED_DAYS, DetectorView, Quieted, Threshold
from retrace_app.cli.messages import printable
from retrace_assets.signals.preview import BugChange, Example, Preview
from retrace_resources.state import RuleChange

if TYPE_CHECKING:
    # It imports Dagster, which takes a second that looking at rules should not cost.
    from retrace_app.actions.rescan import Rescanned

_BUGS_SHOWN = 10


def as_json(view: DetectorView) -> dict[str, Any]:
    """A detector for programs: days are keys, so they are texts."""
    return {**asdict(view), "signals": {day.isoformat(): count for day, count in view.signals.items()}}


def next_lines(commands: Iterable[str]) -> Text:
    """What to type next."""
    lines = [Text.assemble("  ", (printable(command), "green")) for command in commands]
    return Text("\n").join([Text("\nNext", "bold"), *lines])


def table(listed: Sequence[DetectorView]) -> Table:
    """One line a detector."""
    found = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("DETECTOR", "JUDGES", "BY"):
        found.add_column(name, no_wrap=True)
    found.add_column(f"LAST {COUNTED_DAYS} DAYS", no_wrap=True, justify="right")
    found.add_column("CHANGED", overflow="fold")
    found.add_column("FINDS", overflow="fold", ratio=1)
    for view in listed:
        found.add_row(
            Text(view.name, "bold" if view.enabled else "dim"),
            _on(view),
            Text(view.enabled_by, "dim"),
            Text(f"{view.total:,}"),
            Text(", ".join(_changed(view)) or "-"),
            Text(view.summary, "dim"),
        )
    return found


def details(view: DetectorView) -> Panel:
    """All there is to know about a detector."""
    body: list[RenderableType] = [Text(view.documentation.strip()), Text(), _rule(view)]
    if view.suppressions:
        body += [Text(), Text("Left alone", "bold"), *map(_quieted, view.suppressions)]
    body += [Text(), _counts(view)]
    title = Text.assemble((view.name, "bold"), "  ", _on(view), (f" ({view.enabled_by})", "dim"))
    return Panel(Group(*body), title=title, title_align="left", border_style="dim", padding=(1, 2))


def difference(done: Preview) -> Group:
    """What a proposed rule would change."""
    if not done.days:
        return Group(Text("There are no stored sessions on these days."))
    days = f"{done.days[0]}" if len(done.days) == 1 else f"{len(done.days)} days from {done.days[0]} to {done.days[-1]}"
    found = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "GAINED", "LOST"):
        found.add_column(name, no_wrap=True, justify="left" if not name else "right")
    sides = {
        "signals": (done.signals_gained, done.signals_lost),
        "issues": (len(done.issues_gained), len(done.issues_lost)),
        "incidents": (len(done.incidents_gained), len(done.incidents_lost)),
    }
    for name, (gained, lost) in sides.items():
        found.add_row(name, Text(f"{gained:+,}" if gained else "0", "yellow"), Text(f"{-lost:,}", "cyan"))
    judged = f"{_count(done.sessions, 'session')} of {days}"
    head = f"{judged}: {_count(done.signals_before, 'signal')} become {done.signals_after:,}."
    parts: list[RenderableType] = [Text(head), Text(), found]
    if done.signals_regrouped:
        parts.append(Text(f"\n{done.signals_regrouped:,} signals become part of another bug."))
    parts += _bugs("Issues gained", done.issues_gained) + _examples("For example", done.gained)
    parts += _bugs("Issues lost", done.issues_lost) + _examples("For example", done.lost)
    return Group(*parts, Text("\nNothing was written.", "dim"))


def adopted(changes: Sequence[RuleChange], done: "Rescanned | None") -> Group:
    """What was set, and what came of it."""
    lines = [Text.assemble(("✓ ", "bold green"), (change.detector, "bold"), ": ", _said(change)) for change in changes]
    if done is None:
        lines.append(Text("Days that are stored were not judged anew; what comes in from now on is.", "dim"))
    else:
        judged = f"{_count(done.sessions, 'session')} of {_count(done.days, 'day')}"
        changed = _count(done.incidents, "incident")
        lines.append(Text(f"{judged} judged anew in {done.seconds:.1f} s; {changed} changed.", "dim"))
    return Group(*lines)


def adopting(change: RuleChange, project: str = "", environment: str = "") -> str:
    """The command that adopts what was previewed."""
    words = ["retrace", "detectors", "set", change.detector]
    words += {True: ["--on"], False: ["--off"], None: []}[change.enabled]
    for name, threshold in change.thresholds.items():
        words += ["--threshold", f"{name}={'default' if threshold is None else threshold}"]
    if change.min_confidence:
        words += ["--min-confidence", change.min_confidence]
    if change.min_signals:
        words += ["--min-signals", str(change.min_signals)]
    options = {"message_contains": "message", "reason_code": "code"}
    for conditions in change.suppress:
        for name, value in conditions.items():
            words += [f"--suppress-{options.get(name, name)}", value]
    for name in change.lift:
        words += ["--lift", name]
    for option, value in (("--project", project), ("--environment", environment)):
        words += [option, value] if value else []
    return shlex.join(words)


def _on(view: DetectorView) -> Text:
    return Text("● on", "green") if view.enabled else Text("– off", "dim")


def _changed(view: DetectorView) -> list[str]:
    changed = [f"{each.name} {each.value:,}" for each in view.thresholds if each.value != each.default]
    if view.min_confidence != "low":
        changed.append(f"{view.min_confidence} confidence at least")
    if view.min_signals > 1:
        changed.append(f"{view.min_signals} signals a session")
    if view.suppressions:
        changed.append(f"{len(view.suppressions)} left alone")
    return changed


def _rule(view: DetectorView) -> RenderableType:
    rule = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("THRESHOLD", "IN FORCE", "DEFAULT", "FROM"):
        rule.add_column(name, no_wrap=True, justify="right" if name in ("IN FORCE", "DEFAULT") else "left")
    for each in view.thresholds:
        rule.add_row(*_threshold(each))
    facts = Text(f"Rule {view.rule_version}, code version {view.code_version}", "dim")
    if not view.thresholds:
        return Group(Text("It has no thresholds."), facts)
    extra = [Text(line) for line in _changed(view) if line.endswith(("least", "session"))]
    return Group(rule, *extra, facts)


def _threshold(each: Threshold) -> tuple[Text, ...]:
    style = "" if each.source == "default" else "bold"
    return Text(each.name), Text(f"{each.value:,}", style), Text(f"{each.default:,}", "dim"), Text(each.source, style)


def _quieted(quieted: Quieted) -> Text:
    conditions = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in quieted.conditions.items())
    why = f": {quieted.reason}" if quieted.reason else ""
    said = f" by {quieted.actor} on {quieted.at:%Y-%m-%d}{f', {quieted.origin}' if quieted.origin else ''}{why}"
    return Text.assemble("  ", (quieted.id, "bold"), "  ", printable(conditions), (printable(said), "dim"))


def _counts(view: DetectorView) -> Text:
    if not view.signals:
        return Text(f"No signals in the last {COUNTED_DAYS} days.", "dim")
    days = ", ".join(f"{day:%b %d} {count:,}" for day, count in view.signals.items())
    return Text(f"{_count(view.total, 'signal')} in the last {COUNTED_DAYS} days: {days}")


def _bugs(heading: str, bugs: Sequence[BugChange]) -> list[RenderableType]:
    if not bugs:
        return []
    lines = [
        Text.assemble(
            "  ",
            (f"{bug.incident_id or 'new':<10}", "bold"),
            f"  {printable(bug.title)}",
            (f"  {bug.detector}, {_count(bug.signals, 'signal')} in {_count(bug.sessions, 'session')}", "dim"),
        )
        for bug in bugs[:_BUGS_SHOWN]
    ]
    if len(bugs) > _BUGS_SHOWN:
        lines.append(Text(f"  and {len(bugs) - _BUGS_SHOWN:,} more", "dim"))
    return [Text(f"\n{heading}", "bold"), *lines]


def _examples(heading: str, examples: Sequence[Example]) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for each in examples:
        lines.append(Text(f"  {printable(each.message)}"))
        lines.append(Text(f"    session {printable(each.session_id)} at {each.occurred_at:%Y-%m-%d %H:%M:%S}Z", "dim"))
        lines.append(Text(f"    {printable(each.counterfactual)}", "dim"))
    return [Text(f"\n{heading}", "bold"), *lines] if lines else []


def _said(change: RuleChange) -> str:
    said = {True: ["on"], False: ["off"], None: []}[change.enabled]
    said += [
        f"{name} back to its default" if value is None else f"{name} {value:,}"
        for name, value in change.thresholds.items()
    ]
    if change.min_confidence:
        said.append(f"{change.min_confidence} confidence at least")
    if change.min_signals:
        said.append(f"{change.min_signals} signals a session at least")
    for conditions in change.suppress:
        written = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in conditions.items())
        said.append(f"leaves {written} alone")
    said += [f"{name} no longer holds" for name in change.lift]
    return printable("; ".join(said))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
