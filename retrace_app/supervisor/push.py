"""Launching the hot job the moment a segment is closed, instead of at the sensor's next look.

The rule is the sensor's own, and so is the run key: whichever comes first, the other skips. Belongs here: watching and
launching. Does not: the rule (retrace_sensors.decide).
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from dagster import DagsterInstance
from dagster._core.scheduler.instigation import InstigatorStatus, InstigatorType

from retrace_core.errors import RetraceError
from retrace_resources.dagster_graphql import DagsterGraphql
from retrace_resources.dagster_names import HOT_JOB, PENDING_SEGMENTS
from retrace_resources.landing import Landing
from retrace_sensors.decide import Launch, PendingSegment, decide
from retrace_sensors.hot_runs import latest_hot_runs, pushed_run_tags, run_config, today

# A look lists one folder; a tenth of a second is not noticed beside the run it starts.
_LOOK_SECONDS: Final = 0.1
# After a launch that failed the sensor is the one to try; the push only comes back.
_PAUSE_SECONDS: Final = 5.0


class Push(threading.Thread):
    """Watches the landing until told to stop."""

    def __init__(
        self, landing: Landing, instance: DagsterInstance, dagster: DagsterGraphql, say: Callable[[str], None]
    ) -> None:
        """Prepare; `say` takes what a person should know."""
        super().__init__(name="push", daemon=True)
        self._landing = landing
        self._instance = instance
        self._dagster = dagster
        self._say = say
        self._stop = threading.Event()

    def stop(self) -> None:
        """Launch nothing more."""
        self._stop.set()

    def run(self) -> None:
        """Look, launch, and look again."""
        wait = _LOOK_SECONDS
        while not self._stop.wait(wait):
            wait = _LOOK_SECONDS
            try:
                self.look()
            except RetraceError as error:
                self._say(f"the hot job could not be launched: {error.detail or error.code.sentence}")
                wait = _PAUSE_SECONDS

    def look(self) -> str | None:
        """Launch the hot job if segments wait and nothing speaks against it; returns the run's id."""
        pending = [PendingSegment(segment.name, segment.size_bytes) for segment in self._landing.pending()]
        if not pending:
            return None
        decision = decide(pending, latest_hot_runs(self._instance), datetime.now(UTC))
        if not isinstance(decision, Launch) or is_sensor_stopped(self._instance):
            return None
        tags = pushed_run_tags(decision, today())
        return self._dagster.launch(HOT_JOB, run_config=run_config(decision), tags=tags)


def is_sensor_stopped(instance: DagsterInstance) -> bool:
    """Whether a person stopped the sensor: then the hot job rests, however it would be started."""
    states = instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
    return any(state.name == PENDING_SEGMENTS and state.status == InstigatorStatus.STOPPED for state in states)
