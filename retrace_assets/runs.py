"""What every stage's asset does around its update: hot run or rebuild, days, failures.

A hot run takes in what has landed and updates what follows; any other run was asked for days, and rebuilds them.
Belongs here: that difference, and what Dagster is told of it. Does not: any stage.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import duckdb

from retrace_assets.report import StageReport
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.dagster_names import ENVIRONMENT_FAULT, FAULT_TAG, HOT_LANE, LANE_TAG

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE})
_ENVIRONMENT_CODES = frozenset({ErrorCode.HOME_UNUSABLE, ErrorCode.HOME_TOO_NEW, ErrorCode.DISK_FULL})


def utc_now() -> datetime:
    """Now as the lake keeps time: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def is_hot_run(context: dg.AssetExecutionContext) -> bool:
    """Whether the run takes in what has landed."""
    return context.run.tags.get(LANE_TAG) == HOT_LANE


def requested_days(context: dg.AssetExecutionContext) -> list[date]:
    """The days a run was asked for, oldest first."""
    return sorted(date.fromisoformat(key) for key in context.partition_keys)


def update_or_rebuild(
    context: dg.AssetExecutionContext,
    stage: str,
    update: Callable[[], StageReport],
    rebuild: Callable[[date], StageReport],
) -> StageReport:
    """Do what the run is for, and turn refusals into failures a person can read."""
    with explained(context):
        if is_hot_run(context):
            return update()
        return sum((rebuild(day) for day in requested_days(context)), StageReport(stage))


@contextmanager
def explained(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Fail with code, finding and hint instead of a traceback, and note when the machine is to blame."""
    try:
        yield
    except RetraceError as error:
        _note_fault(context, is_environment=error.code in _ENVIRONMENT_CODES)
        said = {"code": error.code.value, "detail": error.detail, "hint": error.hint}
        metadata = {name: text for name, text in said.items() if text}
        raise dg.Failure(str(error), metadata, allow_retries=False) from None
    except (OSError, duckdb.Error) as error:
        _note_fault(context, is_environment=_is_environment(error))
        raise


def log_other_days(
    context: dg.AssetExecutionContext, keys: Iterable[dg.AssetKey], days: Iterable[date], metadata: Mapping[str, Any]
) -> None:
    """Record a materialisation for each day a hot run touched beside its own."""
    if not is_hot_run(context):
        return
    others = sorted({day.isoformat() for day in days} - {context.partition_key})
    for day in others:
        for key in keys:
            context.log_event(dg.AssetMaterialization(key, partition=day, metadata=metadata))


def _note_fault(context: dg.AssetExecutionContext, *, is_environment: bool) -> None:
    if is_environment and is_hot_run(context):
        context.instance.add_run_tags(context.run.run_id, {FAULT_TAG: ENVIRONMENT_FAULT})


def _is_environment(error: OSError | duckdb.Error) -> bool:
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    return isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException)
