"""Builds the browser recorder into the wheel; its parts come from npm and are never committed."""

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RecorderBuildHook(BuildHookInterface[Any]):
    """Runs the recorder's own build before the wheel is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless it is an editable install: there `make setup` does it."""
        if version == "editable":
            return
        folder = Path(self.root) / "sdk" / "browser"
        for step in (("ci", "--no-audit", "--no-fund"), ("run", "build")):
            subprocess.run(["npm", "--prefix", str(folder), *step], check=True)
        build_data["artifacts"].append("retrace_app/http/ingest/static/*")
