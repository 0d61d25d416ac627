"""The rules in force are what is configured under what people set, the narrower scope over the wider one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from retrace_assets.signals.detectors import DETECTORS
from retrace_assets.signals.rules import Rules, Standing, checked_change, rules_in_force
from retrace_assets.signals.suppression import Suppression
from retrace_assets.signals.update import rebuild, update
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.state import RuleChange, StateStore
from tests.retrace_assets.signals.recordings import (
    ENVIRONMENT,
    PROJECT,
    START,
    click,
    exception,
    record,
    request,
    rows,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
TENANT = (PROJECT, ENVIRONMENT)
RAGE = [click(1_000 + 200 * number) for number in range(4)]


@pytest.fixture
def state(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


def change(detector: str = "rage_click", scope: tuple[str, str] = ("", ""), **more: Any) -> RuleChange:
    return RuleChange(detector=detector, project_id=scope[0], environment_id=scope[1], actor="ann", at=AT, **more)


def standing(rules: Rules, detector: str = "rage_click", scope: tuple[str, str] = TENANT) -> Standing:
    return next(each for each in rules.standings(*scope) if each.detector.name == detector)


def judged(rules: Rules, scope: tuple[str, str] = TENANT) -> list[str]:
    return [rule.detector.name for rule in rules.of(*scope)]


def found(lake: Lake) -> list[tuple[str, str]]:
    return sorted((signal["environment_id"], signal["detector"]) for signal in rows(lake, "signals"))


def test_nothing_set_means_the_configuration_over_the_defaults() -> None:
    rules = Rules({"rage_click": {"clicks": 5}, "console_error": False})
    assert standing(rules).thresholds["clicks"].value == 5
    assert standing(rules).thresholds["clicks"].source == "config.yaml"
    assert standing(rules).thresholds["window_ms"].source == "default"
    assert "console_error" not in judged(rules)
    on = [name for name, detector in DETECTORS.items() if detector.on_by_default and name != "console_error"]
    assert judged(rules) == on


def test_narrower_scope_goes_over_the_wider_one_whichever_was_set_later() -> None:
    rules = Rules(
        {"rage_click": {"clicks": 5}},
        [
            change(scope=TENANT, thresholds={"clicks": 9}),
            change(scope=(PROJECT, ""), thresholds={"clicks": 8}, enabled=False),
            change(thresholds={"clicks": 7, "window_ms": 900}),
        ],
    )
    assert standing(rules).thresholds["clicks"].value == 9
    assert standing(rules, scope=(PROJECT, "other")).thresholds["clicks"].value == 8
    assert standing(rules, scope=("other", ENVIRONMENT)).thresholds["clicks"].value == 7
    assert standing(rules).thresholds["window_ms"].source == "stored"
    assert "rage_click" not in judged(rules)
    assert "rage_click" in judged(rules, ("other", ENVIRONMENT))


def test_threshold_goes_back_to_what_is_configured() -> None:
    changes = [change(thresholds={"clicks": 9}), change(thresholds={"clicks": None})]
    threshold = standing(Rules({"rage_click": {"clicks": 5}}, changes)).thresholds["clicks"]
    assert (threshold.value, threshold.source) == (5, "config.yaml")


def test_suppressions_add_up_over_scopes_until_they_are_lifted() -> None:
    first, second = Suppression(route="/a"), Suppression(route="/b")
    said = [change(suppress=(first.conditions,)), change(scope=TENANT, suppress=(second.conditions,))]
    assert set(standing(Rules({}, said)).suppressions) == {first.id, second.id}
    # Whoever lifts it everywhere lifts it where it was set, too.
    assert set(standing(Rules({}, [*said, change(lift=(second.id,))])).suppressions) == {first.id}
    assert set(standing(Rules({}, [*said, change(scope=TENANT, lift=(first.id,))])).suppressions) == {second.id}


def test_what_another_version_of_the_program_set_is_left_out() -> None:
    rules = Rules({}, [change(thresholds={"gone": 4}, suppress=({"colour": "red"},)), change("no_such", enabled=True)])
    assert standing(rules).rule == standing(Rules({})).rule


def test_rule_version_follows_everything_that_is_set() -> None:
    plain = standing(Rules({})).rule
    assert plain.version == DETECTORS["rage_click"].rule_version
    others = [
        change(thresholds={"clicks": 4}),
        change(suppress=({"route": "/a"},)),
        change(suppress=({"route": "/b"},)),
        change(min_confidence="high"),
        change(min_signals=2),
    ]
    versions = {standing(Rules({}, [other])).rule.version for other in others}
    assert len(versions | {plain.version}) == len(others) + 1


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        ({"detector": "no_such"}, ErrorCode.DETECTOR_NOT_FOUND, "no_such"),
        ({"thresholds": {"clickz": 3}}, ErrorCode.RULE_INVALID, "clickz"),
        ({"thresholds": {"clickz": None}}, ErrorCode.RULE_INVALID, "clickz"),
        ({"thresholds": {"clicks": 0}}, ErrorCode.RULE_INVALID, "clicks"),
        ({"min_confidence": "sure"}, ErrorCode.RULE_INVALID, "sure"),
        ({"min_signals": 0}, ErrorCode.RULE_INVALID, "signals"),
        ({"suppress": ({},)}, ErrorCode.RULE_INVALID, "everything"),
    ],
)
def test_change_that_cannot_be_followed_is_refused_by_name(wrong: dict[str, Any], code: ErrorCode, said: str) -> None:
    with pytest.raises(RetraceError, match=said) as refusal:
        checked_change(change(**wrong))
    assert refusal.value.code is code


def test_environments_are_judged_by_their_own_rules_in_one_pass(lake: Lake, state: StateStore) -> None:
    for environment in ("env_a", "env_b", "env_c"):
        record(lake, "s1", [*RAGE, exception(9_000)], environment=environment)
    state.record_rule_change(change("rage_click", ("proj_a", "env_a"), enabled=False))
    state.record_rule_change(change("console_error", ("proj_a", "env_b"), suppress=({"route": "/checkout"},)))
    update(lake, lambda: rules_in_force(Settings(), state))
    assert [pair for pair in found(lake) if pair[1] in ("rage_click", "console_error")] == [
        ("env_a", "console_error"),
        ("env_b", "rage_click"),
        ("env_c", "console_error"),
        ("env_c", "rage_click"),
    ]
    before = rows(lake, "signals")
    rebuild(lake, START.date(), lambda: rules_in_force(Settings(), state))
    assert rows(lake, "signals") == before


def test_what_follows_from_a_suppressed_finding_is_left_alone_with_it(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [*RAGE[:2], request(1_250), *RAGE[2:], request(1_650)])
    update(lake, lambda: rules_in_force(Settings(), state))
    assert {detector for _, detector in found(lake)} >= {"network_5xx", "rage_click"}
    state.record_rule_change(change("network_5xx", suppress=({"request": "POST /api/orders/*"},)))
    rebuild(lake, START.date(), lambda: rules_in_force(Settings(), state))
    assert found(lake) == []


def test_least_confidence_and_least_signals_leave_the_rest_alone(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [exception(100), exception(9_000, "RangeError: zoom")])
    record(lake, "s2", [exception(100)])
    state.record_rule_change(change("console_error", min_signals=2))
    update(lake, lambda: rules_in_force(Settings(), state))
    assert {signal["session_id"] for signal in rows(lake, "signals")} == {"s1"}
    state.record_rule_change(change("console_error", ("proj_a", "env_a"), min_confidence="high", min_signals=1))
    rebuild(lake, START.date(), lambda: rules_in_force(Settings(), state))
    assert {signal["confidence"] for signal in rows(lake, "signals")} == {"high"}


def test_rules_are_read_in_the_transaction_that_writes(lake: Lake, state: StateStore) -> None:
    """A rule set while a long update runs holds from its next transaction on."""
    record(lake, "s1", [exception(100)])
    asked: list[int] = []

    def now() -> Rules:
        asked.append(len(asked))
        if len(asked) == 2:
            state.record_rule_change(change("console_error", enabled=False))
        return rules_in_force(Settings(), state)

    update(lake, now)
    assert found(lake) == []
