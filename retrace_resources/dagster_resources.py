"""The outside world as Dagster hands it to assets: settings, lake, landing and state store of one home.

Belongs here: making the plain classes of this package from configuration, and closing them. Does not: anything they do.
"""

import logging
import os
from functools import cache
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from retrace_core.errors import RetraceError
from retrace_resources.dagster_names import CONFIG_VARIABLE
from retrace_resources.fixer import Fixer, fixer_of
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from retrace_resources.settings import Settings, load_settings
from retrace_resources.state import StateStore
from retrace_resources.state_engine import DATABASE_NAME
from retrace_resources.tester import Tester, tester_of

_log = logging.getLogger("retrace")


class SettingsResource(dg.ConfigurableResource[Settings]):
    """What a person configured: config.yaml, `.env` and RETRACE_* variables."""

    def create_resource(self, context: dg.InitResourceContext) -> Settings:
        """Read them."""
        return _read_settings()


class LandingResource(dg.ConfigurableResource[Landing]):
    """Segments that wait to be taken in."""

    settings: dg.ResourceDependency[Settings]

    def create_resource(self, context: dg.InitResourceContext) -> Landing:
        """Name the folder."""
        return Landing(self.settings.home)


class LakeResource(dg.ConfigurableResource[Lake]):
    """The lake's tables; kept open between the runs of one process, since opening costs as much as a small run."""

    settings: dg.ResourceDependency[Settings]

    def create_resource(self, context: dg.InitResourceContext) -> Lake:
        """Name the folder; the first query opens it."""
        return _lake_of(self.settings.home)


@cache
def _lake_of(home: Path) -> Lake:
    return Lake(home)


class StateStoreResource(dg.ConfigurableResource[StateStore]):
    """What people set and decide."""

    settings: dg.ResourceDependency[Settings]
    _store: StateStore | None = PrivateAttr(default=None)

    def create_resource(self, context: dg.InitResourceContext) -> StateStore:
        """Open it."""
        self._store = StateStore.open(self.settings.home)
        return self._store

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Close it."""
        if self._store is not None:
            self._store.close()


class TesterResource(dg.ConfigurableResource[Tester]):
    """How tests run on this machine."""

    settings: dg.ResourceDependency[Settings]

    def create_resource(self, context: dg.InitResourceContext) -> Tester:
        """Take it from the configuration."""
        return tester_of(self.settings)


class FixerResource(dg.ConfigurableResource[Fixer]):
    """How fixes are made on this machine."""

    settings: dg.ResourceDependency[Settings]

    def create_resource(self, context: dg.InitResourceContext) -> Fixer:
        """Take it from the configuration."""
        return fixer_of(self.settings)


def warn_unless_set_up() -> None:
    """Say on the log what a person has to do before runs find anything, when there is no home yet."""
    try:
        home = _read_settings().home
    except RetraceError as error:
        _log.warning("%s: runs will fail until it is corrected", error)
        return
    if not (home / DATABASE_NAME).exists():
        _log.warning("%s is no Retrace home yet: run `retrace quickstart`, or set RETRACE_HOME to one", home)


def _read_settings() -> Settings:
    path = os.environ.get(CONFIG_VARIABLE)
    return load_settings(Path(path) if path else None)


def default_resources(settings: Settings | None = None) -> dict[str, object]:
    """Every resource of the code location, by the name assets ask for; made from `settings` if given."""
    source = dg.ResourceDefinition.hardcoded_resource(settings) if settings else SettingsResource()
    return {
        "settings": source,
        "landing": LandingResource(settings=source),
        "lake": LakeResource(settings=source),
        "state": StateStoreResource(settings=source),
        "tester": TesterResource(settings=source),
        "fixer": FixerResource(settings=source),
    }
