"""Every detector does what its own file and fixture say, for any stream of events."""

import json
from dataclasses import fields
from importlib import resources
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.signals import detectors
from retrace_assets.signals.detector import Detector
from retrace_assets.signals.detectors import DETECTORS, enabled_detectors
from retrace_assets.signals.findings import FINDING_SCHEMA
from retrace_core.errors import ErrorCode, RetraceError
from tests.retrace_assets.signals.pages import recorded
from tests.retrace_assets.signals.recordings import exception
from tests.retrace_assets.signals.shapes import EVENTS

HEADINGS = (
    "What it finds",
    "Why it matters",
    "Fires when",
    "Stays quiet when",
    "Future it needs",
    "Example",
    "Options",
    "Known problems",
)

Case = dict[str, Any]
NAMES = sorted(DETECTORS)


def fixture(name: str) -> list[Case]:
    """The cases beside a detector, their events written out."""
    document = json.loads((resources.files(detectors) / f"{name}.fixture.json").read_text("utf-8"))
    named = document["events"]
    for case in document["cases"]:
        case["events"] = [
            {**named.get(event.get("is"), {}), **{key: value for key, value in event.items() if key != "is"}}
            for event in case["events"]
        ]
    return list(document["cases"])


ALL = [(name, case) for name in NAMES for case in fixture(name)]


def cases(chosen: list[tuple[str, Case]]) -> pytest.MarkDecorator:
    """Run a test for some cases of the fixtures, under their names."""
    ids = [f"{name}: {case['case']}" for name, case in chosen]
    return pytest.mark.parametrize(("name", "case"), chosen, ids=ids)


HITS = [(name, case) for name, case in ALL if case["mark"] == "hit"]


def find(detector: Detector[Any], events: list[Case], *, closed: bool = True) -> pl.DataFrame:
    return detector.find(recorded(events, closed=closed))


@cases(ALL)
def test_detector_judges_its_fixture_as_marked(name: str, case: Case) -> None:
    findings = find(DETECTORS[name], case["events"], closed=not case.get("open"))
    assert (findings.height > 0) == (case["mark"] == "hit")


@cases(HITS)
def test_finding_explains_itself(name: str, case: Case) -> None:
    finding = find(DETECTORS[name], case["events"], closed=not case.get("open")).row(0, named=True)
    assert case["says"] in finding["counterfactual"]
    for said in ("message", "expected", "suspect", "confidence", "severity", "reason_codes", "identity", "event_id"):
        assert finding[said], said
    assert finding["count"] == len(finding["occurrences"])


@cases([(name, case) for name, case in HITS if "unless" in case])
def test_counterfactual_comes_true(name: str, case: Case) -> None:
    events = [event | case["unless"].get(str(place), {}) for place, event in enumerate(case["events"])]
    assert find(DETECTORS[name], events, closed=not case.get("open")).is_empty()


@pytest.mark.parametrize("name", NAMES)
def test_fixture_has_at_least_as_many_quiet_cases_as_hits(name: str) -> None:
    marks = [case["mark"] for case in fixture(name)]
    assert marks.count("hit") >= 3
    assert marks.count("ok") >= marks.count("hit")


@pytest.mark.parametrize("name", NAMES)
def test_documentation_has_its_headings_in_order(name: str) -> None:
    lines = DETECTORS[name].documentation.splitlines()
    # Below the first sentence only headings stand at the margin.
    assert [line for line in lines[1:] if line and not line.startswith(" ")] == list(HEADINGS)


@pytest.mark.parametrize("name", NAMES)
def test_documentation_names_every_option_and_only_those(name: str) -> None:
    detector = DETECTORS[name]
    section = detector.documentation.split("\nOptions\n")[1].split("\nKnown problems\n")[0]
    named = [line.split(":")[0].strip() for line in section.splitlines() if ":" in line]
    assert named == [option.name for option in fields(detector.options)]


def test_rule_version_follows_thresholds() -> None:
    detector = DETECTORS["rage_click"]
    other = detector.configured({"clicks": 4})
    assert other.rule_version != detector.rule_version
    assert detector.configured({"clicks": 3}).rule_version == detector.rule_version


def test_configuration_switches_off_and_sets_thresholds() -> None:
    chosen = enabled_detectors({"console_error": False, "rage_click": {"clicks": 9}, "network_5xx": True})
    by_name = {detector.name: detector for detector in chosen}
    assert by_name.keys() == {name for name in DETECTORS if DETECTORS[name].on_by_default} - {"console_error"}
    assert by_name["rage_click"].options.clicks == 9


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"rage_click": {"clickz": 4}}, "detectors.rage_click.clickz"),
        ({"rage_click": {"clicks": "many"}}, "detectors.rage_click.clicks"),
        ({"rage_click": {"clicks": True}}, "detectors.rage_click.clicks"),
        ({"rage_click": {"clicks": 0}}, "detectors.rage_click.clicks"),
        ({"rage_click": 3}, "detectors.rage_click"),
    ],
)
def test_configuration_that_cannot_be_used_is_refused_by_name(configuration: dict[str, object], said: str) -> None:
    with pytest.raises(RetraceError, match=said) as refusal:
        enabled_detectors(configuration)
    assert refusal.value.code is ErrorCode.CONFIG_INVALID


def test_console_error_finds_each_message_once_and_counts_it() -> None:
    events = [exception(at, f"TypeError: order {at} is gone") for at in (100, 200, 5_000)]
    findings = find(DETECTORS["console_error"], events)
    assert findings["count"].to_list() == [3]
    assert [occurrence["event_id"] for occurrence in findings["occurrences"].item()] == ["w1:0:0", "w1:0:1", "w1:0:2"]


def test_console_error_keeps_an_exception_and_drops_the_line_that_repeats_it() -> None:
    printed = {"at": 130, "kind": "console", "level": "error", "message": "Oops! TypeError: total is undefined"}
    findings = find(DETECTORS["console_error"], [exception(100), printed])
    assert findings["reason_codes"].to_list() == [["browser_exception"]]


def test_network_5xx_trusts_other_sites_less() -> None:
    events = [
        {"at": 1, "kind": "network", "method": "GET", "request_url": url, "status": 500}
        for url in ("https://api.shop.example/a", "https://tracker.test/b", "/c")
    ]
    findings = find(DETECTORS["network_5xx"], events)
    assert findings["confidence"].to_list() == ["high", "medium", "high"]


@given(st.lists(EVENTS, max_size=12), st.booleans())
def test_detectors_never_raise_whatever_the_events(events: list[Case], closed: bool) -> None:
    for detector in DETECTORS.values():
        findings = find(detector, events, closed=closed)
        assert findings.drop("detector", "rule_version").schema == FINDING_SCHEMA
        assert findings["counterfactual"].null_count() == findings["message"].null_count() == 0


def test_detectors_find_nothing_in_no_events() -> None:
    for detector in DETECTORS.values():
        assert find(detector, []).is_empty()
