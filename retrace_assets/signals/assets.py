"""Signals as Dagster sees them: one step, one asset a detector, all on the table `signals`.

Belongs here: specs from the detectors' own documentation, and metadata. Does not: any rule (detectors), or which
sessions are judged (update).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final

import dagster as dg
from pydantic import Field

from retrace_assets.asset_specs import DETECT, table_spec
from retrace_assets.metadata import report_metadata
from retrace_assets.partitions import IN_ONE_RUN
from retrace_assets.report import StageReport
from retrace_assets.runs import explained, log_other_days, requested_days, update_or_rebuild, utc_now
from retrace_assets.signals.detector import Detector
from retrace_assets.signals.detectors import DETECTORS
from retrace_assets.signals.difference import difference_metadata
from retrace_assets.signals.preview import preview
from retrace_assets.signals.rules import Rules, Standing, checked_change, rules_in_force
from retrace_assets.signals.update import STAGE, rebuild, update
from retrace_core.tables import PAGE_CHANGES, REPLAY_EVENTS, REPLAYS, SIGNALS
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.state import RuleChange, StateStore

# A heading of a detector's documentation: a line at the margin over an indented one.
_HEADING = re.compile(r"^(?=\S)(.+)\n(?=    )", re.MULTILINE)


def signal_key(detector: str) -> dg.AssetKey:
    """Asset of a detector's signals."""
    return dg.AssetKey([SIGNALS.name, detector])


def markdown(documentation: str) -> str:
    """A detector's documentation with its headings in bold, as the UI renders it."""
    text = _HEADING.sub(r"\n**\1**\n\n", documentation)
    return re.sub(r"^    ", "", text, flags=re.MULTILINE).strip()


def _spec(detector: Detector[Any]) -> dg.AssetSpec:
    return table_spec(
        SIGNALS,
        key=signal_key(detector.name),
        group=DETECT,
        deps=[dg.AssetKey(REPLAYS.name), dg.AssetKey(REPLAY_EVENTS.name), dg.AssetKey(PAGE_CHANGES.name)],
        code_version=str(detector.code_version),
        description=markdown(detector.documentation),
        metadata={"thresholds": asdict(detector.options) or "none"},
    )


SIGNAL_KEYS: Final = [signal_key(name) for name in DETECTORS]


class ProposedRule(dg.Config):
    """A change of one detector's rule, for every project; what is left out stays as it is."""

    detector: str
    enabled: bool | None = None
    thresholds: dict[str, int] = Field(default={})
    min_confidence: str = ""
    min_signals: int | None = None
    suppress: list[dict[str, str]] = Field(default=[])
    lift: list[str] = Field(default=[])


class SignalsConfig(dg.Config):
    """`preview` makes the run write nothing and tell what the proposed rule would change."""

    preview: ProposedRule | None = None


@dg.multi_asset(
    name=STAGE,
    specs=[_spec(detector) for detector in DETECTORS.values()],
    backfill_policy=IN_ONE_RUN,
    can_subset=True,
)
def signals(
    context: dg.AssetExecutionContext,
    config: SignalsConfig,
    settings: dg.ResourceParam[Settings],
    lake: dg.ResourceParam[Lake],
    state: dg.ResourceParam[StateStore],
) -> Iterator[dg.MaterializeResult[None]]:
    """Judge sessions: those that were played anew, or those of the days asked for.

    One pass over the events serves every detector, so all of them are judged whichever were selected. With `preview` in
    the run's configuration nothing is written: the metadata say what the proposed rule would change on these days.
    """
    if config.preview is not None:
        yield from _previewed(context, config.preview, lake, rules_in_force(settings, state))
        return
    now = partial(rules_in_force, settings, state)
    report = update_or_rebuild(
        context, STAGE, update=lambda: update(lake, now), rebuild=lambda day: rebuild(lake, day, now)
    )
    counts = _counts(lake, report.days)
    snapshot = lake.snapshot_id()
    standings = {standing.detector.name: standing for standing in now().standings()}
    for key in sorted(context.selected_asset_keys):
        name = key.path[-1]
        metadata = _metadata(report, standings[name], counts.get(name, 0), snapshot)
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        log_other_days(context, [key], report.days, metadata)


def _metadata(report: StageReport, standing: Standing, found: int, snapshot: int) -> Mapping[str, Any]:
    if not standing.enabled.value and not found:
        return {"status": f"switched off ({standing.enabled.source})", "snapshot": snapshot}
    metadata = report_metadata(report, snapshot=snapshot, rows_out=found)
    return {**metadata, "rule version": standing.rule.version}


def _counts(lake: Lake, days: frozenset[date]) -> dict[str, int]:
    """Signals of each detector on the days that were touched."""
    touched = sorted(days) or [utc_now().date()]
    rows = lake.query("SELECT detector, count(*) FROM signals WHERE list_contains(?, day) GROUP BY ALL", [touched])
    return dict(rows.rows())


def _previewed(
    context: dg.AssetExecutionContext, proposed: ProposedRule, lake: Lake, rules: Rules
) -> Iterator[dg.MaterializeResult[None]]:
    with explained(context):
        change = checked_change(RuleChange(**_as_change(proposed), actor="dagster", at=datetime.now(UTC)))
        done = preview(lake, requested_days(context), rules, rules.proposing(change))
    for key in sorted(context.selected_asset_keys):
        is_it = key.path[-1] == proposed.detector
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={
                "status": "preview: nothing was written",
                "previewed": proposed.detector,
                **(difference_metadata(done) if is_it else {}),
            },
        )


def _as_change(proposed: ProposedRule) -> dict[str, Any]:
    values = proposed.model_dump()
    return {**values, "suppress": tuple(values["suppress"]), "lift": tuple(values["lift"])}
