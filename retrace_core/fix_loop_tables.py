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

CULPRITS = Table(
    "culprits",
    Kind.DERIVED,
    "One row a source file that may hold an incident's bug, the likeliest first, with the reasons.",
    read_columns(
        TENANT
        + """incident_id VARCHAR Incident.
repo VARCHAR Name the repository is connected as.
commit_sha VARCHAR Commit that was ranked.
rank INTEGER 1 is the likeliest.
path VARCHAR File, relative to the repository.
line INTEGER Line to look at first, or null.
score DOUBLE What the reasons add up to; comparable within one incident.
reasons VARCHAR[] Why it is here, a sentence each.
owners VARCHAR[] Owners by CODEOWNERS.
reranked BOOLEAN Whether a model had the last word on the order.
code_version VARCHAR Version of the ranking."""
    ),
    sorted_by=("incident_id", "rank"),
    key=("project_id", "environment_id", "incident_id", "path"),
    daily=False,
)

FIX_PROMPTS = Table(
    "fix_prompts",
    Kind.DERIVED,
    "One row a prompt for a coding agent: which incident, for whom, where the file is.",
    read_columns(
        TENANT
        + """incident_id VARCHAR Incident.
form VARCHAR codex or claude.
repo VARCHAR Name the repository is connected as.
commit_sha VARCHAR Commit the named files are of.
spec_id VARCHAR Test that must turn green, or empty.
path VARCHAR File of the prompt.
sha256 VARCHAR Hash of it.
bytes BIGINT Its size.
code_version VARCHAR Version of the prompt."""
    ),
    sorted_by=("incident_id",),
    key=("project_id", "environment_id", "incident_id", "form"),
    daily=False,
)

FIX_PRS = Table(
    "fix_prs",
    Kind.FACTS,
    "One row a try at a fix: who tried, what the gate said of the patch, and the pull request.",
    read_columns(
        TENANT
        + """fix_id VARCHAR Public id, fix_….
incident_id VARCHAR Incident.
repo VARCHAR Name the repository is connected as.
base_branch VARCHAR Branch it is to be merged into.
base_sha VARCHAR Commit it starts from.
branch VARCHAR Branch of the fix, or empty.
head_sha VARCHAR Commit that was pushed, or empty.
agent VARCHAR claude, codex, a command, or none.
sandboxed BOOLEAN Whether the agent and its patch were confined.
outcome VARCHAR opened, updated, branch_ready, refused, agent_failed or no_patch.
reason VARCHAR Why it came to no pull request: a code of the gate or of the agent.
detail VARCHAR The same in a sentence.
files VARCHAR[] Files the patch changes.
patch_path VARCHAR The patch, relative to RETRACE_HOME, or empty.
patch_sha256 VARCHAR Hash of it.
spec_id VARCHAR Test that judged it.
spec_sha256 VARCHAR Hash of that test.
red_run_ids VARCHAR[] Runs of the test on the base that were red.
green_run_ids VARCHAR[] Runs of the test on the patched app that were green.
pr_url VARCHAR Pull request, or empty.
pr_number BIGINT Its number, or null.
started_at TIMESTAMP When it began.
duration_ms DOUBLE How long it took."""
    ),
    sorted_by=("started_at",),
    key=("project_id", "environment_id", "fix_id"),
    daily=False,
)

VERIFICATIONS = Table(
    "verifications",
    Kind.FACTS,
    "One row a look whether a bug is gone: its test, run on what was merged.",
    read_columns(
        TENANT
        + """verification_id VARCHAR Public id, ver_….
incident_id VARCHAR Incident.
fix_id VARCHAR Fix that was merged, or empty.
repo VARCHAR Name the repository is connected as, or empty.
commit_sha VARCHAR Commit that was tested, or the name of the build.
pr_state VARCHAR open, closed or merged; empty without a pull request.
outcome VARCHAR verified, regressed or unknown.
reason VARCHAR Why it is unknown.
detail VARCHAR The same in a sentence.
spec_id VARCHAR Test that ran, or empty.
run_ids VARCHAR[] Its runs.
certificate_sha256 VARCHAR Hash of the certificate that was issued, or empty.
checked_at TIMESTAMP When."""
    ),
    sorted_by=("checked_at",),
    key=("project_id", "environment_id", "verification_id"),
    daily=False,
)

LLM_CALLS = Table(
    "llm_calls",
    Kind.FACTS,
    "One row a call of a language model: for what, how many tokens, what it cost.",
    read_columns(
        TENANT
        + """call_id VARCHAR Public id, llm_….
incident_id VARCHAR Incident it was for, or empty.
purpose VARCHAR What for: rerank, agent and so on.
provider VARCHAR As configured.
model VARCHAR As the answer names it.
status VARCHAR ok, refused or failed.
input_tokens BIGINT As the provider counts, or null.
output_tokens BIGINT As the provider counts, or null.
cost_usd DOUBLE By the price list in force, or null where there is no price.
duration_ms DOUBLE How long it took.
called_at TIMESTAMP When."""
    ),
    sorted_by=("called_at",),
    key=("project_id", "environment_id", "call_id"),
    daily=False,
)
