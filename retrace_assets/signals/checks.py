"""Whether detectors find what they used to find.

Belongs here: counting and telling Dagster. Does not: the comparison (rates).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import dagster as dg

from retrace_assets.runs import utc_now
from retrace_assets.signals.assets import signal_key
from retrace_assets.signals.detectors import DETECTORS
from retrace_assets.signals.rates import compare_rates
from retrace_resources.lake import Lake

_NAME: Final = "rate_as_before"
_HISTORY: Final = timedelta(days=14)

RATE_CHECKS: Final = [
    dg.AssetCheckSpec(
        _NAME,
        asset=signal_key(name),
        description="Signals a session of the last whole UTC day, against the 14 days before it.",
    )
    for name in DETECTORS
]


@dg.multi_asset_check(name="rates", specs=RATE_CHECKS, can_subset=True)
def rates_as_before(
    context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]
) -> Iterator[dg.AssetCheckResult]:
    """Judge the detectors that were selected."""
    yesterday = utc_now().date() - timedelta(days=1)
    bounds = [yesterday - _HISTORY, yesterday]
    signals = lake.query(
        "SELECT detector, day, count(*) AS signals FROM signals WHERE day BETWEEN ? AND ? GROUP BY ALL", bounds
    )
    sessions = lake.query(
        "SELECT day, count(*) AS sessions FROM replays WHERE day BETWEEN ? AND ? GROUP BY ALL", bounds
    )
    judged = {row["detector"]: row for row in compare_rates(signals, sessions, yesterday).iter_rows(named=True)}
    for key in sorted(context.selected_asset_check_keys):
        yield _result(key, judged.get(key.asset_key.path[-1]))


def _result(key: dg.AssetCheckKey, row: dict[str, Any] | None) -> dg.AssetCheckResult:
    figures = row or {"found": 0, "expected": None, "unusual": False}
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not figures["unusual"],
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "signals found": figures["found"],
            "expected": "not enough history" if figures["expected"] is None else round(figures["expected"], 1),
        },
    )
