"""`retrace api onboard-hosted`: everything a team needs to connect an app, in one manifest."""

from typing import Annotated

import typer
from rich.text import Text

from retrace_app.actions import onboarding
from retrace_app.actions.workspace import DEFAULT_BASE_URL, Names
from retrace_app.cli.messages import console, notice, write_json
from retrace_app.cli.options import (
    BaseUrlOption,
    ConfigOption,
    EnvironmentOption,
    JsonOption,
    OrganizationOption,
    ProjectOption,
    read_settings,
)


def onboard_hosted(
    *,
    config: ConfigOption = None,
    org: OrganizationOption = "Local",
    project: ProjectOption = "Default",
    environment: EnvironmentOption = "production",
    api_base_url: BaseUrlOption = DEFAULT_BASE_URL,
    sdk_key_name: Annotated[str, typer.Option(help="What to call the SDK key.")] = "Hosted browser SDK",
    service_token_name: Annotated[str, typer.Option(help="What to call the token.")] = "Hosted onboarding",  # noqa: S107
    service_token_scope: Annotated[
        list[str] | None,
        typer.Option(help="What the token may do, once or more.", show_default=", ".join(onboarding.DEFAULT_SCOPES)),
    ] = None,
    release: Annotated[
        str, typer.Option(help="Release of the app, noted with every session.", envvar="GITHUB_SHA")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Mint a key and a token, and print snippets and commands that work as they stand."""
    wishes = onboarding.Wishes(
        api_base_url=api_base_url,
        sdk_key_name=sdk_key_name,
        service_token_name=service_token_name,
        service_token_scopes=tuple(service_token_scope or onboarding.DEFAULT_SCOPES),
        release=release,
    )
    manifest = onboarding.onboard_hosted(read_settings(config), Names(org, project, environment), wishes)
    if json:
        write_json(manifest)
    else:
        _show(manifest)


def _show(manifest: onboarding.Onboarding) -> None:
    out = console()
    credentials = manifest.credentials
    values = {
        "Workspace": f"{manifest.workspace.project} / {manifest.workspace.environment}",
        "Project id": manifest.workspace.project_id,
        "Environment id": manifest.workspace.environment_id,
        "SDK key": f"{credentials.sdk_key} ({credentials.sdk_key_id})",
        "Service token": f"{credentials.service_token} ({credentials.service_token_id})",
        "Scopes": ", ".join(credentials.service_token_scopes),
    }
    for label, value in values.items():
        out.print(Text.assemble((f"{label:<16}", "dim"), value), soft_wrap=True)
    steps = {step.name: step for step in manifest.verification.ordered_steps}
    for name, snippet in manifest.snippets.items():
        out.print(Text(f"\n{snippet.title} ({name})", style="bold"))
        out.print(Text(snippet.text.rstrip("\n"), style="cyan"), soft_wrap=True)
        if name in steps:
            out.print(Text(f"expect: {steps[name].expect}", style="dim"), soft_wrap=True)
    out.print()
    for item in manifest.checklist:
        out.print(Text(f"[ ] {item}"), soft_wrap=True)
    notice("Copy the key and the token now: only their hashes are kept, so they cannot be shown again.")
