"""The check on detectors' rates, on a real lake."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from retrace_assets.signals.checks import RATE_CHECKS, rates_as_before
from retrace_assets.signals.detectors import DETECTORS
from retrace_core.tables import REPLAYS, SIGNALS
from retrace_resources.lake import Lake
from tests.retrace_assets.signals.recordings import frame_of

TODAY = datetime.now(UTC).date()
VISITS = 60


def history(lake: Lake, found: list[int]) -> None:
    """So many console errors on each of the days up to yesterday, among 60 visits a day."""
    with lake.transaction() as transaction:
        for back, count in enumerate(reversed(found), start=1):
            day = TODAY - timedelta(days=back)
            transaction.append(REPLAYS, frame_of(REPLAYS, [{"day": day, "session_id": str(n)} for n in range(VISITS)]))
            rows = [{"day": day, "signal_id": str(n), "detector": "console_error"} for n in range(count)]
            transaction.append(SIGNALS, frame_of(SIGNALS, rows))


def evaluate(lake: Lake) -> dict[str, dg.AssetCheckEvaluation]:
    """What the check says of each detector."""
    defs = dg.Definitions(asset_checks=[rates_as_before], resources={"lake": lake})
    job = dg.define_asset_job("rates", selection=dg.AssetSelection.checks(*(spec.key for spec in RATE_CHECKS)))
    defs = dg.Definitions.merge(defs, dg.Definitions(jobs=[job]))
    result = defs.resolve_job_def("rates").execute_in_process()
    return {each.asset_key.path[-1]: each for each in result.get_asset_check_evaluations()}


def test_every_detector_is_judged_also_without_any_history(lake: Lake) -> None:
    told = evaluate(lake)

    assert set(told) == set(DETECTORS)
    assert all(each.passed for each in told.values())
    assert {each.metadata["expected"].value for each in told.values()} == {"not enough history"}


def test_a_day_of_many_more_signals_turns_only_that_detectors_check_red(lake: Lake) -> None:
    history(lake, [10, 11, 9, 80])

    told = evaluate(lake)

    assert [name for name, each in told.items() if not each.passed] == ["console_error"]
    assert told["console_error"].severity is dg.AssetCheckSeverity.WARN
    assert told["console_error"].metadata["signals found"].value == 80
