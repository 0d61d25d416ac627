"""`retrace api`: the door, and the keys and tokens that may talk to it."""

from typing import Annotated

import typer

from retrace_app.actions import workspace
from retrace_app.cli import keys, onboarding, process_replays, resolved
from retrace_app.cli.messages import notice
from retrace_app.cli.options import ConfigOption, PortOption, host_name, read_settings

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def group() -> None:
    """Serve the API, and manage the keys and tokens that may talk to it."""


@app.command()
def serve(
    *,
    config: ConfigOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.", callback=host_name)] = "127.0.0.1",
    port: PortOption = workspace.DEFAULT_PORT,
    workers: Annotated[int, typer.Option(help="Processes that take requests.", min=1, max=64)] = 1,
) -> None:
    """Take what browsers send, until Ctrl-C; what is acknowledged is on disk."""
    from retrace_app.http.ingest.serve import serve as become_the_door  # noqa: PLC0415 - no other command needs it

    settings = read_settings(config)
    notice(f"Starting the door at {workspace.door_url('http', host, port)} for {settings.home}; Ctrl-C stops it.")
    become_the_door(settings.home, host, port, workers, replay_limit=settings.rate_limits.replay, config=config)


app.command("process-replays")(process_replays.process_replays)
app.command("create-sdk-key")(keys.create_sdk_key)
app.command("create-service-token")(keys.create_service_token)
app.command("onboard-hosted")(onboarding.onboard_hosted)
app.command("resolve-issue")(resolved.resolve_issue)
app.command("verify-resolved")(resolved.verify_all_resolved)
app.add_typer(keys.group, name="keys")
