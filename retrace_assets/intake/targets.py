"""What was clicked when the recorder did not say: the control is looked up in the recorded DOM.

Belongs here: replaying a window's recording up to its clicks. Does not: the recorded DOM itself (retrace_core.dom), or
descriptions that came with the click (intake/columns).
"""

from collections import defaultdict

from retrace_assets.intake.columns import Click, EventColumns
from retrace_assets.intake.recordings import Recording, WindowKey, decode_until, read_recordings, window_key
from retrace_assets.intake.values import NAME_LIMIT, Details
from retrace_core.dom import RecordedDom, Target
from retrace_resources.lake import Transaction


def name_clicks(transaction: Transaction, columns: EventColumns) -> None:
    """Fill in the controls of clicks that came without a description, as far as their window was recorded.

    Costs a replay of each such window from its start: recorders that describe their clicks never come here.
    """
    clicks: dict[WindowKey, list[Click]] = defaultdict(list)
    for click in columns.unnamed_clicks:
        clicks[window_key(click.placed)].append(click)
    if not clicks:
        return
    recordings = read_recordings(transaction, columns.placed, clicks)
    for window, unnamed in clicks.items():
        columns.details.update(_named(recordings[window], unnamed))


def _named(recording: Recording, clicks: list[Click]) -> dict[int, Details]:
    """Replay a window and look at the control of each click just before it was clicked."""
    row_at = {(click.placed.batch.post.sequence, click.event_index): click for click in clicks}
    named: dict[int, Details] = {}
    dom = RecordedDom()
    last_sequence, _ = max(row_at)
    for sequence, events in decode_until(recording, last_sequence).items():
        for index, event in enumerate(events):
            click = row_at.get((sequence, index))
            target = dom.target(click.node_id) if click and click.node_id is not None else None
            if click and target:
                named[click.row] = _details(target)
            dom.apply(event)
    return named


def _details(target: Target) -> Details:
    return {
        "target_tag": target.tag,
        "target_role": target.role,
        "target_name": target.name[:NAME_LIMIT] if target.name else None,
        "target_test_id": target.test_id,
        "target_css": target.css,
        "target_interactive": target.interactive,
    }
