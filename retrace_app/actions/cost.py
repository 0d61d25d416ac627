"""What the calls of a language model cost.

Belongs here: summing up `llm_calls`. Does not: noting a call (retrace_assets.llm_calls), prices (llm_prices).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from retrace_app.actions.listing import exists
from retrace_resources.lake import Lake
from retrace_resources.llm_prices import LISTED_ON
from retrace_resources.settings import Settings

By = Literal["model", "purpose", "day"]

_KEYS: Final[dict[By, str]] = {"model": "model", "purpose": "purpose", "day": "strftime(called_at, '%Y-%m-%d')"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Calls that belong together; `cost_usd` is of those with a price, `unpriced` is how many have tokens and none."""

    key: str
    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSummary:
    """What was called since a time, the dearest first (days: the latest), and all of it together."""

    since: datetime
    by: By
    prices_of: str
    rows: list[Cost]
    total: Cost


def summarise_cost(settings: Settings, *, since: timedelta, by: By = "model") -> CostSummary:
    """Sum up the calls of so long; nothing but zeros where none was made."""
    began = datetime.now(UTC).replace(tzinfo=None) - since
    with Lake(settings.home) as lake:
        rows = _read(lake, _KEYS[by], began, "1 DESC" if by == "day" else "cost_usd DESC, calls DESC, 1")
        total = _read(lake, "'total'", began, "1")
    nothing = Cost(
        key="total", calls=0, failed=0, input_tokens=0, output_tokens=0, cost_usd=0.0, unpriced=0, seconds=0.0
    )
    return CostSummary(since=began, by=by, prices_of=LISTED_ON, rows=rows, total=next(iter(total), nothing))


def _read(lake: Lake, key: str, began: datetime, order: str) -> list[Cost]:
    if not exists(lake):
        return []
    found = lake.query(
        f"SELECT {key} AS key, count(*) AS calls, count(*) FILTER (status != 'ok') AS failed, "
        "coalesce(sum(input_tokens), 0)::BIGINT AS input_tokens, "
        "coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens, coalesce(sum(cost_usd), 0) AS cost_usd, "
        "count(*) FILTER (cost_usd IS NULL AND input_tokens IS NOT NULL) AS unpriced, "
        f"sum(duration_ms) / 1000 AS seconds FROM llm_calls WHERE called_at >= ? GROUP BY 1 ORDER BY {order}",
        [began],
    )
    return [Cost(**row) for row in found.iter_rows(named=True)]
