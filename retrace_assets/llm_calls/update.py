"""Calls of a language model: each is a row, also one that failed, with what it cost.

Belongs here: the rows of `llm_calls`. Does not: calling (retrace_resources.llm), prices (retrace_resources.llm_prices),
or summing up (retrace_app.actions.cost).
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import polars as pl

from retrace_core.fix_loop_tables import LLM_CALLS
from retrace_core.ids import public_id
from retrace_resources.lake import Lake
from retrace_resources.llm import Call

_SCHEMA: Final = pl.DataFrame(LLM_CALLS.arrow_schema.empty_table()).schema


def keep_calls(lake: Lake, calls: Sequence[Call], tenant: tuple[str, str], incident_id: str = "") -> None:
    """Append calls in one transaction; must not be called inside of one."""
    rows = [_row(call, tenant, incident_id) for call in calls]
    with lake.transaction() as transaction:
        transaction.append(LLM_CALLS, pl.DataFrame(rows, schema=_SCHEMA, orient="row"))


def keeping(lake: Lake, tenant: tuple[str, str], incident_id: str = "") -> Callable[[Call], None]:
    """What a model is given to note each call as it ends, so that what follows a crash is not lost with it."""
    return lambda call: keep_calls(lake, [call], tenant, incident_id)


def _row(call: Call, tenant: tuple[str, str], incident_id: str) -> dict[str, Any]:
    called_at = call.called_at.isoformat()
    own = {
        "project_id": tenant[0],
        "environment_id": tenant[1],
        "call_id": public_id("llm_", *tenant, incident_id, call.purpose, call.model, called_at, str(call.seconds)),
        "incident_id": incident_id,
        "duration_ms": call.seconds * 1000,
    }
    return {name: own[name] if name in own else getattr(call, name) for name in LLM_CALLS.column_names}
