"""`retrace api process-replays`: taking in what has landed, now."""

from typing import Annotated

import typer

from retrace_app.cli.messages import notice, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, read_settings


def process_replays(
    *,
    config: ConfigOption = None,
    limit: Annotated[
        int | None,
        typer.Option(help="Stop after the run that reaches so many sessions.", min=1, show_default="all that wait"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Take in what browsers sent and update incidents; `retrace up` does so by itself."""
    from retrace_app.actions.pipeline import Processed, process_pending  # noqa: PLC0415 - imports Dagster

    def tell(done: Processed) -> None:
        left = f"; {done.pending} segments to go" if done.pending else ""
        notice(f"{done.sessions} sessions updated, {done.incidents} incidents{left}")

    done = process_pending(read_settings(config), limit_sessions=limit, on_progress=tell)
    if json:
        write_json(done)
    else:
        notice(f"Took in {done.batches} batches with {done.events} events in {done.seconds:.1f} s.")
