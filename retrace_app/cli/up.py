"""`retrace up`: the door, the pipeline and Dagster's UI in one command."""

from typing import Annotated

import typer

from retrace_app.actions import workspace
from retrace_app.cli.messages import notice
from retrace_app.cli.options import ConfigOption, PortOption, host_name, read_settings
from retrace_app.supervisor.programs import DEFAULT_DAGSTER_PORT, Options

app = typer.Typer(add_completion=False)


@app.command("up")
def run(
    *,
    config: ConfigOption = None,
    host: Annotated[str, typer.Option(help="Address the door listens on.", callback=host_name)] = "127.0.0.1",
    port: PortOption = workspace.DEFAULT_PORT,
    dagster_port: Annotated[
        int, typer.Option(help="Port of Dagster's UI, on loopback only.", min=1, max=65535)
    ] = DEFAULT_DAGSTER_PORT,
    workers: Annotated[int, typer.Option(help="Processes of the door.", min=1, max=64)] = 1,
    push: Annotated[bool, typer.Option(help="Run the pipeline the moment something has landed.")] = True,
) -> None:
    """Start the door and the pipeline, and keep them running until Ctrl-C."""
    from retrace_app.supervisor.supervisor import run as supervise  # noqa: PLC0415 - imports Dagster

    settings = read_settings(config)
    options = Options(settings.home, host, port, dagster_port, workers, push, config)
    notice("Starting; Ctrl-C stops everything.")
    supervise(options, notice)
    notice("Stopped.")
