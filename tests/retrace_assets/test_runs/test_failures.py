"""A failing test is in the queue once: with the bug it shows, or as an incident of its own kind."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from retrace_app.actions.incidents import resolve
from retrace_assets.incidents.deciding import take
from retrace_assets.issues.update import update as issues_update
from retrace_assets.test_runs.failures import file_failures
from retrace_assets.test_runs.update import API, NOBODY, UI, keep_run
from retrace_core.api_spec import ApiSpec, ApiStep
from retrace_core.spec import Source, Spec
from retrace_core.spec_assertions import Assertion, NoError, PageShowsContent, RequestSucceeds
from retrace_core.spec_steps import Navigate
from retrace_core.test_run import AssertionResult, StepResult, TestRun, Verdict
from retrace_resources.engine.artifacts import Folder
from retrace_resources.lake import Lake
from retrace_resources.run_records import runs_folder
from retrace_resources.state import Decision, StateStore
from tests.retrace_assets.signals.recordings import click, exception, process, record, request, rows

ORDERS = ApiSpec(spec_id="orders", name="Orders", steps=(ApiStep(id="send", method="POST", url="/api/orders/12"),))


@pytest.fixture
def state(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


def ui_test(assertion: Assertion, incident_id: str = "") -> Spec:
    opens = (Navigate(id="open", url="/"),)
    source = Source(incident_id=incident_id)
    return Spec(spec_id="shop", name="The shop opens", exact_steps=opens, assertions=(assertion,), source=source)


@dataclass
class Runs:
    """Runs a test in words: what is kept of each, and what the queue then says."""

    lake: Lake
    state: StateStore
    home: Path
    number: int = 0

    def of(
        self, spec: Spec | ApiSpec, verdict: Verdict = "reproduced", observed: str = "POST was answered 500"
    ) -> None:
        self.number += 1
        run_id = f"20990101-00000{self.number}-0000000{self.number}"
        is_ui = isinstance(spec, Spec)
        name = spec.assertions[0].id if isinstance(spec, Spec) else "send-status"
        step = StepResult("send", "POST", ok=True, started_ms=0, duration_ms=1, url="http://127.0.0.1/api/orders/77")
        run = TestRun(
            run_id=run_id,
            spec_id=spec.spec_id,
            spec_sha256="0" * 64,
            incident_id=spec.source.incident_id,
            build="b",
            app_url="http://127.0.0.1",
            browser="",
            verdict=verdict,
            started_at=f"{datetime.now(UTC) - timedelta(minutes=9 - self.number):%Y-%m-%dT%H:%M:%S}Z",
            duration_ms=1,
            steps=() if is_ui else (step,),
            assertions=(AssertionResult(name, "x", verdict == "not_reproduced", "it is answered", observed),),
        )
        keep_run(
            self.lake,
            Folder(runs_folder(self.home) / run_id).finish(run),
            NOBODY,
            self.home,
            kind=UI if is_ui else API,
        )
        file_failures(self.lake, self.state, self.home, spec)

    @property
    def queue(self) -> list[tuple[str, str, int]]:
        return [(row["source_kind"], row["status"], row["affected_count"]) for row in self.incidents]

    @property
    def incidents(self) -> list[dict[str, Any]]:
        return rows(self.lake, "incidents")


@pytest.fixture
def runs(lake: Lake, state: StateStore, home: Path) -> Runs:
    return Runs(lake, state, home)


@pytest.mark.parametrize(("spec", "kind"), [(ORDERS, "api_test"), (ui_test(PageShowsContent(id="content")), "ui_test")])
def test_two_red_runs_are_one_incident_of_the_tests_own_kind(runs: Runs, spec: Spec | ApiSpec, kind: str) -> None:
    runs.of(spec)
    assert runs.queue == [(kind, "new", 1)]

    runs.of(spec)

    assert runs.queue == [(kind, "ongoing", 2)]
    (incident,) = runs.incidents
    assert incident["incident_id"].startswith("INC-")
    assert (incident["title"], incident["repro_spec_id"]) == (spec.name, spec.spec_id)
    assert incident["repro_summary"] == "red 2/2 on b"
    assert json.loads(incident["evidence"])["signal_ids"] == [
        "20990101-000002-00000002",
        "20990101-000001-00000001",
    ]


def test_a_test_that_was_never_red_is_no_incident(runs: Runs) -> None:
    runs.of(ORDERS, "not_reproduced")
    runs.of(ORDERS, "inconclusive")

    assert runs.queue == []


def test_a_green_run_is_told_and_closes_nothing(runs: Runs) -> None:
    runs.of(ORDERS)
    runs.of(ORDERS, "not_reproduced")

    assert runs.queue == [("api_test", "new", 1)]
    assert runs.incidents[0]["repro_summary"] == "red 1/2, green 1/2 on b"


def test_an_incident_that_was_resolved_regresses_with_the_next_red_run(runs: Runs, lake: Lake) -> None:
    runs.of(ORDERS)
    (incident,) = runs.incidents
    named = {name: incident[name] for name in ("project_id", "environment_id", "fingerprint")}
    at = datetime.now(UTC) - timedelta(minutes=7, seconds=30)
    decision = Decision(kind="resolve", fingerprint_version=1, actor="ann", at=at, **named)

    with lake.transaction() as transaction:
        take(transaction, runs.state, decision)
    assert runs.queue == [("api_test", "resolved", 1)]

    runs.of(ORDERS)
    assert runs.queue == [("api_test", "regressed", 2)]


def test_what_is_decided_about_a_test_is_left_alone_by_the_pipeline(runs: Runs, lake: Lake, state: StateStore) -> None:
    runs.of(ORDERS)
    resolve(lake, state, runs.incidents[0]["incident_id"], actor="ann")

    record(lake, "s1", [{"at": 0, "kind": "meta"}, click(400), exception(460)])
    process(lake, state)

    assert ("api_test", "resolved", 1) in runs.queue
    assert issues_update(lake, state).rows_out == 0


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (ORDERS, "api_test"),
        (ui_test(RequestSucceeds(id="taken", method="POST", path="/api/orders/:id")), "ui_test"),
        (ui_test(NoError(id="quiet", template="TypeError: total is undefined")), "ui_test"),
    ],
)
def test_what_a_recording_shows_too_is_one_incident(
    runs: Runs, lake: Lake, state: StateStore, spec: Spec | ApiSpec, kind: str
) -> None:
    record(lake, "s1", [{"at": 0, "kind": "meta"}, click(400), request(450), exception(460)])
    process(lake, state)

    runs.of(spec)
    runs.of(spec)

    (incident,) = runs.incidents
    assert incident["source_kind"] == "replay"
    sources = json.loads(incident["sources"])
    assert [(each["kind"], each["ref_id"]) for each in sources[1:]] == [(kind, spec.spec_id)]
    assert sources[1]["note"] == "red 2/2 on b"


@pytest.mark.parametrize("observed", ["POST was answered 404", "POST failed: net::ERR_FAILED"])
def test_another_answer_to_the_same_request_is_another_bug(
    runs: Runs, lake: Lake, state: StateStore, observed: str
) -> None:
    record(lake, "s1", [{"at": 0, "kind": "meta"}, click(400), request(450)])
    process(lake, state)

    runs.of(ORDERS, observed=observed)

    assert sorted(kind for kind, _, _ in runs.queue) == ["api_test", "replay"]


def test_a_test_made_of_an_incident_is_a_source_of_it_whatever_it_shows(
    runs: Runs, lake: Lake, state: StateStore
) -> None:
    record(lake, "s1", [{"at": 0, "kind": "meta"}, click(400), request(450)])
    process(lake, state)
    incident_id = runs.incidents[0]["incident_id"]

    runs.of(ui_test(PageShowsContent(id="content"), incident_id))

    (incident,) = runs.incidents
    assert [each["kind"] for each in json.loads(incident["sources"])] == ["replay", "ui_test"]


def test_a_test_stays_a_source_when_the_bug_is_seen_again(runs: Runs, lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [{"at": 0, "kind": "meta"}, click(400), request(450)])
    process(lake, state)
    runs.of(ui_test(PageShowsContent(id="content"), runs.incidents[0]["incident_id"]))

    record(lake, "s2", [{"at": 0, "kind": "meta"}, click(400), request(450)])
    process(lake, state)

    (incident,) = runs.incidents
    assert incident["affected_count"] == 2
    assert [each["kind"] for each in json.loads(incident["sources"])] == ["replay", "ui_test"]


def test_a_run_whose_folder_is_gone_breaks_nothing(runs: Runs) -> None:
    runs.of(ORDERS)
    (runs_folder(runs.home) / "20990101-000001-00000001" / "run.json").unlink()

    runs.of(ORDERS, "not_reproduced")

    assert runs.queue == [("api_test", "new", 1)]
