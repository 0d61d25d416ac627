"""What was clicked when the recorder did not say: the control is looked up in the recorded DOM.

Belongs here: replaying a window's recording up to its clicks. Does not: the recorded DOM itself (retrace_core.dom), or
descriptions that came with the click (intake/columns).
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
import polars as pl

from retrace_assets.bounds import bounded
from retrace_assets.intake.columns import Click, EventColumns
from retrace_assets.intake.payloads import NAME_LIMIT, Details
from retrace_assets.intake.sessions import PlacedBatch
from retrace_core.dom import RecordedDom, Target
from retrace_resources.lake import Transaction

_WINDOW = ("project_id", "environment_id", "day", "started_at", "session_id", "window_id")
_WindowKey = tuple[object, ...]


def name_clicks(transaction: Transaction, columns: EventColumns) -> None:
    """Fill in the controls of clicks that came without a description, as far as their window was recorded.

    Costs a replay of each such window from its start: recorders that describe their clicks never come here.
    """
    clicks: dict[_WindowKey, list[Click]] = defaultdict(list)
    for click in columns.unnamed_clicks:
        clicks[_window(click.placed)].append(click)
    if not clicks:
        return
    recordings = _recordings(transaction, columns, clicks)
    for window, unnamed in clicks.items():
        columns.details.update(_named(recordings[window], unnamed))


def _window(placed: PlacedBatch) -> _WindowKey:
    post = placed.batch.post
    identity = (post.project_id, post.environment_id, placed.day, placed.started_at)
    return (*identity, post.session_id, post.window_id)


def _recordings(
    transaction: Transaction, columns: EventColumns, windows: Iterable[_WindowKey]
) -> dict[_WindowKey, dict[int, str | bytes]]:
    """The events of windows as JSON, by sequence: those written before, and those about to be."""
    wanted = pl.DataFrame(list(windows), schema=list(_WINDOW), orient="row")
    key = ", ".join(_WINDOW)
    written = transaction.query(
        f"SELECT {key}, sequence, events FROM replay_payloads SEMI JOIN wanted USING ({key}) WHERE {bounded(wanted)}",
        wanted=wanted,
    )
    recordings: dict[_WindowKey, dict[int, str | bytes]] = defaultdict(dict)
    for *window, sequence, events in written.iter_rows():
        recordings[tuple(window)][sequence] = events
    for placed in columns.placed:
        post = placed.batch.post
        recordings[_window(placed)][post.sequence] = placed.batch.events_json
    return recordings


def _named(recording: dict[int, str | bytes], clicks: list[Click]) -> dict[int, Details]:
    """Replay a window and look at the control of each click just before it was clicked."""
    row_at = {(click.placed.batch.post.sequence, click.event_index): click for click in clicks}
    last = max(row_at)
    named: dict[int, Details] = {}
    dom = RecordedDom()
    for sequence in sorted(recording):
        for index, event in enumerate(_objects(recording[sequence])):
            if (sequence, index) > last:
                return named
            click = row_at.get((sequence, index))
            target = dom.target(click.node_id) if click and click.node_id is not None else None
            if click and target:
                named[click.row] = _details(target)
            dom.apply(event)
    return named


def _objects(events_json: str | bytes) -> list[dict[str, Any]]:
    try:
        events = msgspec.json.decode(events_json)
    except (msgspec.DecodeError, RecursionError):
        return []
    return [event if isinstance(event, dict) else {} for event in events]


def _details(target: Target) -> Details:
    return {
        "target_tag": target.tag,
        "target_role": target.role,
        "target_name": target.name[:NAME_LIMIT] if target.name else None,
        "target_test_id": target.test_id,
        "target_css": target.css,
        "target_interactive": target.interactive,
    }
