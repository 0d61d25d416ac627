"""`retrace up` itself: start, watch, start again, stop.

Belongs here: the life of the children together. Does not: one child (child), which there are (programs), the push.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from types import FrameType
from typing import Final

from dagster import DagsterInstance

from retrace_app.supervisor import lease
from retrace_app.supervisor.child import Child
from retrace_app.supervisor.programs import Options, programs, require_free_ports
from retrace_app.supervisor.push import Push
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.catalog_keeper import CatalogKeeper
from retrace_resources.dagster_graphql import DagsterGraphql
from retrace_resources.dagster_instance import ensure_dagster_home, open_instance
from retrace_resources.landing import Landing
from retrace_resources.run_processes import fail_dead_runs

_LOOK_SECONDS: Final = 0.1
# Dagster imports for some seconds; on a busy machine for many.
_START_SECONDS: Final = 60.0
# A hot run at hand ends in this time; what has not stopped then is killed.
_STOP_SECONDS: Final = 5.0
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0
# A child that lived this long starts over with the first pause.
_STEADY_SECONDS: Final = 60.0

Say = Callable[[str], None]


def run(options: Options, say: Say) -> None:
    """Run until SIGINT or SIGTERM; `say` takes one line at a time for a person.

    Raises `port_in_use`, `already_running`, `home_unusable`, or `run_failed` when a child does not start.
    """
    held = lease.held(options.home, lease.Lease(os.getpid(), options.door_url, options.dagster_url))
    with held, stopped_by_signals() as stop:
        require_free_ports(options)
        dagster_home = ensure_dagster_home(options.home)
        with open_instance(options.home) as instance:
            _tell_dead_runs(instance, say)
            waves = [
                [Child(program, options.home / "logs") for program in wave] for wave in programs(options, dagster_home)
            ]
            _supervise(waves, options, instance, stop, say)


def _supervise(
    waves: Sequence[Sequence[Child]], options: Options, instance: DagsterInstance, stop: threading.Event, say: Say
) -> None:
    children = [child for wave in waves for child in wave]
    try:
        for wave in waves:
            _start(wave, stop)
        if stop.is_set():
            return
        say(f"door          {options.door_url}")
        say(f"Dagster       {options.dagster_url}")
        say(f"data          {options.home}")
        with _pushing(options, instance, say):
            _keep_alive(children, options, instance, stop, say)
    finally:
        _stop_all(children)
        _tell_dead_runs(instance, say)


def _start(children: Sequence[Child], stop: threading.Event) -> None:
    """Start them and wait until all answer; raises `run_failed` for one that ends instead."""
    if stop.is_set():
        return
    for child in children:
        child.start()
    until = time.monotonic() + _START_SECONDS
    waiting = list(children)
    while waiting and not stop.wait(_LOOK_SECONDS):
        for child in waiting:
            if (code := child.exit_code()) is not None:
                detail = f"the {child.name} ended with {code}: {child.last_words()}"
                raise RetraceError(ErrorCode.RUN_FAILED, detail, hint=f"its log is {child.log}")
        waiting = [child for child in waiting if not child.answers()]
        if waiting and time.monotonic() > until:
            names = ", ".join(child.name for child in waiting)
            detail = f"no answer after {_START_SECONDS:.0f} s from: {names}"
            raise RetraceError(ErrorCode.RUN_FAILED, detail, hint=f"their logs are in {waiting[0].log.parent}")


@contextmanager
def _pushing(options: Options, instance: DagsterInstance, say: Say) -> Iterator[None]:
    if not options.push:
        yield
        return
    with DagsterGraphql(options.dagster_url) as dagster:
        push = Push(Landing(options.home), instance, dagster, say)
        push.start()
        try:
            yield
        finally:
            push.stop()


def _keep_alive(
    children: Sequence[Child], options: Options, instance: DagsterInstance, stop: threading.Event, say: Say
) -> None:
    watches = [_Watch(child) for child in children]
    with closing(CatalogKeeper(options.home)) as keeper:
        while not stop.wait(_LOOK_SECONDS):
            keeper.look()
            ended = [watch for watch in watches if watch.look(say)]
            if ended:
                _tell_dead_runs(instance, say)


class _Watch:
    """One child over its lives: notices its end and starts it again, later each time it fails soon."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._pause = _FIRST_PAUSE_SECONDS
        self._again_at: float | None = None

    def look(self, say: Say) -> bool:
        """Do what is due; True when the child was just found ended."""
        now = time.monotonic()
        if self._again_at is not None:
            if now >= self._again_at:
                self._again_at = None
                self._child.start()
            return False
        code = self._child.exit_code()
        if code is None:
            return False
        if code == 0 or now - self._child.started_at > _STEADY_SECONDS:
            self._pause = _FIRST_PAUSE_SECONDS
        say(f"the {self._child.name} ended with {code}; it starts again in {self._pause:g} s (log: {self._child.log})")
        self._again_at = now + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
        return True


def _stop_all(children: Sequence[Child]) -> None:
    for child in reversed(children):
        child.ask_to_stop()
    until = time.monotonic() + _STOP_SECONDS
    for child in reversed(children):
        child.finish(until)


def _tell_dead_runs(instance: DagsterInstance, say: Say) -> None:
    for run_id in fail_dead_runs(instance):
        say(f"run {run_id} was left unfinished by a process that is gone; it counts as failed")


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set."""
    stop = threading.Event()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    with ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, handle))
        yield stop
