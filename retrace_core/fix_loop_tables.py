"""The tables of the way from an incident to a proven fix.

Belongs here: the shape of what follows an incident. Does not: what leads up to one (tables.py).
"""

from retrace_core.table import TENANT, Kind, Table, read_columns

SPECS = Table(
    "specs",
    Kind.DERIVED,
    "One row a test that was made of an incident's recording, or why none can be made.",
    read_columns(
        TENANT
        + """incident_id VARCHAR Incident it tests.
spec_id VARCHAR Name of the test and of its file.
kind VARCHAR ui, or api.
status VARCHAR generated, edited by a person, or not_testable.
has_proposal BOOLEAN Whether a newer version waits beside what a person edited.
reason VARCHAR Why there is no test, and what a person can do.
detector VARCHAR Detector of the signal it turns round.
signal_id VARCHAR Signal it was made of.
session_id VARCHAR Session whose steps it takes.
steps INTEGER Steps of the test.
recorded_steps INTEGER What the person did up to the failure, before cutting.
assertions VARCHAR[] Forms of its assertions.
sha256 VARCHAR Hash of the test that a run would take.
generated_sha256 VARCHAR Hash of the test as it was generated.
path VARCHAR File, relative to RETRACE_HOME.
code_version VARCHAR Version of the generator."""
    ),
    sorted_by=("incident_id",),
    key=("project_id", "environment_id", "spec_id"),
    daily=False,
)

TEST_RUNS = Table(
    "test_runs",
    Kind.FACTS,
    "One row a run of a test on a build of the app: its verdict, why, and where its artifacts are.",
    read_columns(
        TENANT
        + """run_id VARCHAR Id, and name of its folder.
kind VARCHAR ui, or api.
spec_id VARCHAR Test that ran.
spec_sha256 VARCHAR Hash of the test as it ran.
incident_id VARCHAR Incident it tests, or empty.
session_id VARCHAR Session it was made of, or empty.
build VARCHAR Commit or name of the build.
app_url VARCHAR Where the build ran.
browser VARCHAR Browser and version; empty for API tests.
verdict VARCHAR reproduced (red), not_reproduced (green) or inconclusive.
reason VARCHAR Why it is inconclusive.
detail VARCHAR What was found, in a line.
failure_class VARCHAR app_bug, environment, auth, test_data, locator, step or timeout.
attempts INTEGER How often it was tried.
flaky BOOLEAN Whether the tries disagreed.
hermetic BOOLEAN Whether traffic and clock came from a recording.
healed INTEGER Steps whose locator was lost and found by a fallback.
started_at TIMESTAMP When it began.
duration_ms DOUBLE How long it took.
run_dir VARCHAR Folder of its artifacts, relative to RETRACE_HOME.
run_sha256 VARCHAR SHA-256 of its record, run.json."""
    ),
    sorted_by=("started_at",),
    key=("project_id", "environment_id", "run_id"),
    daily=False,
)
