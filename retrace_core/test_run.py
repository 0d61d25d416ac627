"""A test run: what one run of a spec on one build of the app showed.

Belongs here: the record that is kept beside the artifacts, its verdicts and reasons. Does not: running
(retrace_resources.engine), or what several runs prove (retrace_assets.test_runs).
"""

from typing import Literal

import msgspec

Verdict = Literal["reproduced", "not_reproduced", "inconclusive"]

# Why a run says nothing of the bug. `path_only_with_bug` is told from two runs: on the build without the bug the path
# to the failure does not exist, so that nobody can see it green.
Reason = Literal[
    "app_down",
    "missing_input",
    "login_failed",
    "wrong_start_state",
    "locator_lost",
    "broken_step",
    "not_observed",
    "timed_out",
    "path_only_with_bug",
    "browser_crashed",
]

FailureClass = Literal["", "app_bug", "environment", "auth", "test_data", "locator", "step", "timeout"]

ArtifactKind = Literal[
    "trace", "screenshot", "console", "har", "step_log", "app_log", "dom", "request", "response", "hermetic"
]


class Artifact(msgspec.Struct, frozen=True):
    """A file a run left: its path relative to the run's folder, its size in bytes and its SHA-256."""

    kind: ArtifactKind
    path: str
    bytes: int
    sha256: str


class Healed(msgspec.Struct, frozen=True):
    """A step whose locator was lost and which of its fallbacks found the element: the edit that is proposed."""

    step_id: str
    fallback: int


class StepResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one step went; `error` is one line."""

    step_id: str
    action: str
    ok: bool
    started_ms: float
    duration_ms: float
    url: str = ""
    error: str = ""


class AssertionResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether an assertion holds; None when it could not be judged. `observed` is what was seen, without page text."""

    assertion_id: str
    assertion_type: str
    ok: bool | None
    expected: str
    observed: str = ""


class TestRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Times are UTC, ISO 8601; `build` is the commit or name of what was tested; `attempts` counts retries.

    `verdict` is `reproduced` when an assertion failed (the test is red), `not_reproduced` when all hold (green).
    """

    run_id: str
    spec_id: str
    spec_sha256: str
    session_id: str = ""
    incident_id: str = ""
    build: str = ""
    app_url: str
    browser: str
    verdict: Verdict
    reason: Reason | None = None
    detail: str = ""
    failure_class: FailureClass = ""
    attempts: int = 1
    flaky: bool = False
    hermetic: bool = False
    started_at: str
    duration_ms: float
    steps: tuple[StepResult, ...] = ()
    assertions: tuple[AssertionResult, ...] = ()
    healed: tuple[Healed, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
