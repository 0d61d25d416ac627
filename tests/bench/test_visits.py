"""The visits of our own set: enough of each, and a truth that fits who recorded them."""

from collections import Counter

import pytest

from bench.detectors.visits import VISITS
from bench.detectors.visits.case import Recorder, broken, click
from bench.playground.server import FAULTS
from retrace_assets.signals.detectors import DETECTORS

_AT_LEAST = 10


@pytest.mark.parametrize("detector", DETECTORS)
def test_visits_have_enough_positives_and_negatives_of_each_detector(detector: str) -> None:
    positives = sum(detector in visit.required for visit in VISITS)
    negatives = sum(detector not in visit.required | visit.allowed for visit in VISITS)
    assert positives >= _AT_LEAST
    assert negatives >= _AT_LEAST


def test_visits_have_names_of_their_own() -> None:
    assert [name for name, count in Counter(visit.id for visit in VISITS).items() if count > 1] == []


def test_case_requires_nothing_of_requests_that_rrweb_alone_does_not_record() -> None:
    case = broken("one", "/board", (click("#more"),), "tasks_500", ("network_5xx", "rage_click"), about="")
    plain = case.recorded_by(Recorder.PLAIN)
    assert plain.required == {"rage_click"}
    assert plain.allowed == {"network_5xx"}


def test_faults_of_the_playground_are_met_by_some_visit() -> None:
    met = {fault for visit in VISITS for fault in visit.faults}
    assert FAULTS.keys() - met == set()
