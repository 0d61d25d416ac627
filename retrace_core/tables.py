"""Every table of the lake, once: what it is for, its columns, and how it is kept.

DDL, Arrow schemas, Dagster column metadata and the table reference in docs/ all come from here. Belongs here: the
shape of data. Does not: where it is stored or how rows are made.
"""

from retrace_core.fix_loop_tables import (
    CULPRITS,
    FIX_PROMPTS,
    FIX_PRS,
    LLM_CALLS,
    SPECS,
    TEST_RUNS,
    VERIFICATIONS,
)
from retrace_core.table import TENANT, Kind, Table, read_columns

SCHEMA_VERSION = 5


_DAILY = (
    TENANT
    + """
day DATE UTC day on which the session's first batch was received.
session_id VARCHAR Session as the SDK named it.
started_at TIMESTAMP When the session's first committed batch began; fixed then, bounds look-ups.
"""
).replace("\n\n", "\n")

REPLAY_BATCHES = Table(
    "replay_batches",
    Kind.FACTS,
    "One row a batch (one SDK post) that was taken in: identity, clock and provenance.",
    read_columns(
        _DAILY
        + """window_id VARCHAR Page load within the session.
sequence BIGINT Position of the batch within its window.
batch_id VARCHAR Public id of the batch.
commit_no BIGINT Lake commit that wrote it.
received_at TIMESTAMP When the door received it.
sent_at TIMESTAMP When the client says it sent it.
clock_offset_ms BIGINT Added to the client's clock to get ours; one a window.
first_at TIMESTAMP Earliest event, on our clock.
last_at TIMESTAMP Latest event, on our clock.
last_url VARCHAR Page at the end of the batch, redacted; the next batch begins there.
flush_type VARCHAR normal, or final when the window was closed.
distinct_id VARCHAR The user, as the app names them, redacted.
event_count INTEGER Events kept.
rejected_count INTEGER Events that went to `rejected`.
raw_bytes BIGINT Bytes of the batch as JSON, before redaction.
content_hash VARCHAR SHA-256 of the batch as JSON, to tell a repeat from a conflict.
sdk_name VARCHAR Name of the SDK that sent it.
sdk_version VARCHAR Version of the SDK that sent it.
release VARCHAR Release of the app, as the SDK says.
metadata VARCHAR Metadata of the batch as redacted JSON.
segment VARCHAR Landing segment it came from."""
    ),
    sorted_by=("started_at", "session_id", "window_id", "sequence"),
    key=("project_id", "environment_id", "session_id", "window_id", "sequence"),
)

REPLAY_PAYLOADS = Table(
    "replay_payloads",
    Kind.FACTS,
    "The recording itself, for the player: one row a batch with its rrweb events as redacted JSON.",
    read_columns(
        _DAILY
        + """window_id VARCHAR Page load within the session.
sequence BIGINT Position of the batch within its window.
events VARCHAR JSON array of rrweb events, redacted, clocks as the client had them; mutations may be folded."""
    ),
    sorted_by=("started_at", "session_id", "window_id", "sequence"),
    key=("project_id", "environment_id", "session_id", "window_id", "sequence"),
)

REPLAY_EVENTS = Table(
    "replay_events",
    Kind.FACTS,
    "One row an event of a recording, in typed columns: what detectors and analysts read.",
    read_columns(
        _DAILY
        + """window_id VARCHAR Page load within the session.
sequence BIGINT Batch the event came in.
event_index INTEGER Position within its batch.
part INTEGER Position within its event: one event may report several requests.
occurred_at TIMESTAMP When it happened: the client's clock moved by the window's offset.
kind VARCHAR What it is: full_snapshot, mutation, click, input, entry, navigation, console, exception, network, …
type SMALLINT rrweb event type.
source SMALLINT rrweb incremental source, or null.
url VARCHAR Page the event happened on, redacted.
route VARCHAR Route template of that page: its path with ids as :id.
node_id BIGINT rrweb node it concerns.
x DOUBLE Pointer, CSS pixels.
y DOUBLE Pointer, CSS pixels.
level VARCHAR Console level, or error for exceptions; type of a dialog; area of storage.
message VARCHAR Text of a console line, exception or dialog, redacted; key pressed; kind of an entry or navigation.
stack VARCHAR Stack of an exception, redacted.
method VARCHAR HTTP method of a request.
request_url VARCHAR URL of a request, or where a navigation came from, redacted.
status INTEGER HTTP status; 0 when there was no answer.
duration_ms DOUBLE How long the request, the gap, or the wait for the effect of a click was.
trace_id VARCHAR W3C trace id of a request.
target_tag VARCHAR Tag of the control that was meant.
target_role VARCHAR ARIA role of the control.
target_name VARCHAR Accessible name of the control, redacted.
target_test_id VARCHAR Test id of the control.
target_css VARCHAR Short CSS path of the control.
target_interactive BOOLEAN Whether a person would expect it to react.
added INTEGER Additions of a mutation; folded, a node comes with all below it as one.
removed INTEGER Nodes a mutation removed.
texts INTEGER Texts a mutation changed.
attributes INTEGER Attributes a mutation changed.
pointer_turns INTEGER Sharp turns of the pointer during a move, where there are two or more."""
    ),
    sorted_by=("started_at", "session_id", "occurred_at"),
    key=("project_id", "environment_id", "session_id", "window_id", "sequence", "event_index", "part"),
)

REPLAYS = Table(
    "replays",
    Kind.DERIVED,
    "One row a session: how long, where, how much, whether it is over and whether the recording is whole.",
    read_columns(
        _DAILY
        + """replay_id VARCHAR Public id, rpl_….
status VARCHAR active, or closed.
closed_by VARCHAR final when every window said so, idle after 5 minutes without a batch.
first_at TIMESTAMP Earliest event.
last_at TIMESTAMP Latest event.
received_first_at TIMESTAMP When its first batch was received.
received_last_at TIMESTAMP When its latest batch was received.
duration_ms BIGINT From the earliest event to the latest.
windows INTEGER Page loads.
batches INTEGER Batches.
events INTEGER Events.
clicks INTEGER Clicks.
inputs INTEGER Inputs.
errors INTEGER Console errors and exceptions.
failed_requests INTEGER Requests that failed or answered 400 or more.
pages INTEGER Distinct pages.
first_url VARCHAR First page.
last_url VARCHAR Last page.
distinct_id VARCHAR Latest non-empty user id.
user_agent VARCHAR Browser.
release VARCHAR Latest release the SDK named.
has_full_snapshot BOOLEAN Whether the recording can be played.
sequence_gaps INTEGER Batches that are missing between the ones that came.
reported_gaps INTEGER Stretches that were recorded and never arrived, as the SDK says.
clock_offset_ms BIGINT Largest clock offset of its windows, by size.
raw_bytes BIGINT JSON bytes received."""
    ),
    sorted_by=("started_at", "session_id"),
    key=("project_id", "environment_id", "session_id"),
)

PAGE_CHANGES = Table(
    "page_changes",
    Kind.DERIVED,
    "The recorded page over time: one row for each change a person sees, each click and each message.",
    read_columns(
        _DAILY
        + """window_id VARCHAR Page load within the session.
sequence BIGINT Batch the event came in.
event_index INTEGER Position within its batch.
part INTEGER Position within its event: one event may show several messages.
occurred_at TIMESTAMP When it happened.
url VARCHAR Page it happened on, redacted.
kind VARCHAR snapshot, change, click or message.
signature BIGINT Hash of what is seen after the event: tags, texts, classes, links and states, not what was typed.
before BIGINT For a click: the signature when the pointer went down.
chars INTEGER Visible characters.
media INTEGER Visible pictures, fields and buttons.
main_content INTEGER Visible characters, pictures, fields and buttons in the main landmark; null without one.
loading INTEGER Visible signs of loading: spinners, skeletons, progress bars.
busy INTEGER Visible controls that are disabled or busy.
node_id BIGINT rrweb node of the click or message.
message VARCHAR Text of a message, redacted.
message_role VARCHAR ARIA role of a message, or its live region's politeness.
message_classes VARCHAR Classes of a message and its nearest containers.
near_field BOOLEAN Whether a message belongs to one form field.
landmark VARCHAR Landmarks around what was clicked, nearest last.
link VARCHAR Where a clicked link leads, redacted.
traits VARCHAR[] What the clicked control is, as far as it matters: new_tab, download, disabled, …"""
    ),
    sorted_by=("started_at", "session_id", "occurred_at"),
    key=("project_id", "environment_id", "session_id", "window_id", "sequence", "event_index", "part"),
)

SIGNALS = Table(
    "signals",
    Kind.DERIVED,
    "One row a detector's finding, with the evidence and the nearest counterfactual.",
    read_columns(
        _DAILY
        + """window_id VARCHAR Page load within the session.
signal_id VARCHAR Public id, sig_….
detector VARCHAR Detector that found it.
rule_version VARCHAR Hash of the detector's thresholds and code version.
occurred_at TIMESTAMP When it happened.
offset_ms BIGINT Milliseconds since the session's first event.
url VARCHAR Page, redacted.
route VARCHAR Route template of the page.
confidence VARCHAR low, medium or high.
severity VARCHAR low, medium, high or critical, whatever the number of users.
reason_codes VARCHAR[] Why it fired, as stable codes.
message VARCHAR What a person reads.
evidence VARCHAR JSON: event ids, times, element, request.
counterfactual VARCHAR What would have kept it from firing.
target VARCHAR Stable identity of the control: test id, or role and name.
method VARCHAR HTTP method of the request.
request VARCHAR Template of the request's path.
status INTEGER HTTP status of the request.
template VARCHAR Parametrised message.
frame VARCHAR Top frame of the app's own code.
trace_id VARCHAR W3C trace id.
distinct_id VARCHAR The user.
release VARCHAR Release of the app.
own_fingerprint VARCHAR Fingerprint of this finding alone.
fingerprint VARCHAR Fingerprint of the bug: its cause's when it is a consequence.
cause VARCHAR Signal it is a consequence of, or null.
fingerprint_version SMALLINT Version of the fingerprint's rules."""
    ),
    sorted_by=("started_at", "session_id", "occurred_at"),
    key=("project_id", "environment_id", "signal_id"),
)

CLUSTERS = Table(
    "clusters",
    Kind.DERIVED,
    "One row a fingerprint and day: how often, by whom, with which example.",
    read_columns(
        TENANT
        + """day DATE UTC day of the sessions.
fingerprint VARCHAR Fingerprint of the bug.
fingerprint_version SMALLINT Version of the fingerprint's rules.
detector VARCHAR Detector of the cause.
detectors VARCHAR[] Every detector that saw it.
title VARCHAR What a person reads.
route VARCHAR Route template of the page.
confidence VARCHAR Highest confidence of its signals.
severity VARCHAR low, medium, high or critical.
signals INTEGER Signals.
sessions INTEGER Sessions.
users INTEGER Distinct users, and one for each session without a user.
first_at TIMESTAMP First signal.
last_at TIMESTAMP Last signal.
first_release VARCHAR Release of the first signal.
last_release VARCHAR Release of the last signal.
session_id VARCHAR Representative session: the first.
signal_id VARCHAR Representative signal: its first.
started_at TIMESTAMP Start of the representative session."""
    ),
    sorted_by=("fingerprint",),
    key=("project_id", "environment_id", "day", "fingerprint"),
    # An issue reads all days of its fingerprints: one file a day would be opened for each.
    daily=False,
)

ISSUES = Table(
    "issues",
    Kind.DERIVED,
    "One row a bug: the fold over its clusters and the decisions people took.",
    read_columns(
        TENANT
        + """issue_id VARCHAR Public id, bug_….
fingerprint VARCHAR First fingerprint of the bug.
fingerprints VARCHAR[] All fingerprints merged into it.
status VARCHAR new, ongoing, regressed, resolved, verified, ignored or withdrawn.
detector VARCHAR Detector of the cause.
detectors VARCHAR[] Every detector that saw it.
title VARCHAR What a person reads.
summary VARCHAR One paragraph on what happens, how often, to whom.
severity VARCHAR low, medium, high or critical.
confidence VARCHAR low, medium or high.
route VARCHAR Route template of the page.
signals BIGINT Signals.
sessions BIGINT Sessions.
users BIGINT Users, summed over days.
days INTEGER Days on which it was seen.
first_at TIMESTAMP First signal.
last_at TIMESTAMP Last signal.
resolved_at TIMESTAMP When a person resolved it, if that still holds.
first_release VARCHAR Release of the first signal.
last_release VARCHAR Release of the last signal.
session_id VARCHAR Representative session.
signal_id VARCHAR Representative signal.
day DATE Day of the representative session.
started_at TIMESTAMP Start of the representative session.
evidence VARCHAR JSON: the representative signal's evidence and counterfactual, and its session's other signals.
steps VARCHAR JSON: typed steps that led to it."""
    ),
    sorted_by=("fingerprint",),
    key=("project_id", "environment_id", "issue_id"),
    daily=False,
)

INCIDENTS = Table(
    "incidents",
    Kind.DERIVED,
    "The queue: one shape for every bug, whatever source saw it, with the state of its test and fix.",
    read_columns(
        TENANT
        + """incident_id VARCHAR Public id, INC-….
aliases VARCHAR[] Ids that were merged into this one.
fingerprint VARCHAR First fingerprint of the bug.
issue_ids VARCHAR[] Issues it stands for.
source_kind VARCHAR replay, ui_test, api_test, error_monitor, pr_review or manual.
sources VARCHAR JSON: every source that saw it.
status VARCHAR new, ongoing, regressed, resolved, verified, ignored or withdrawn.
severity VARCHAR low, medium, high or critical.
confidence VARCHAR low, medium or high.
title VARCHAR What a person reads.
summary VARCHAR What happens, how often, to whom.
suspected_cause VARCHAR What the evidence points at.
reproduction VARCHAR JSON: typed steps.
expected_outcome VARCHAR What should have happened.
actual_outcome VARCHAR What happened.
app_url VARCHAR Page to start from, redacted.
evidence VARCHAR JSON: sessions, signals, console, requests, top frame, traces.
affected_count BIGINT Sessions.
affected_users BIGINT Users.
first_seen_at TIMESTAMP First signal.
last_seen_at TIMESTAMP Last signal.
repro_status VARCHAR not_attempted, confirmed, not_confirmed or inconclusive.
repro_spec_id VARCHAR Regression spec.
repro_run_id VARCHAR Latest test run.
repro_summary VARCHAR What the test run showed.
fix_status VARCHAR not_started, prompt_ready, pr_open (the test alone), fix_proposed (proven), merged or error.
fix_repo VARCHAR Repository of the fix.
fix_branch VARCHAR Branch of the fix.
fix_pr_url VARCHAR Pull request of the fix.
fix_prompt_path VARCHAR Prompt of the fix."""
    ),
    sorted_by=("incident_id",),
    key=("project_id", "environment_id", "incident_id"),
    daily=False,
)

FINGERPRINT_VERSIONS = Table(
    "fingerprint_versions",
    Kind.LEDGER,
    "What fingerprints of earlier versions became: noted when sessions were judged anew, so that bugs keep their ids.",
    read_columns(
        TENANT
        + """old_fingerprint VARCHAR Fingerprint its signals had.
old_version SMALLINT Version of that.
fingerprint VARCHAR Fingerprint the same signals got.
fingerprint_version SMALLINT Version of that.
sessions BIGINT Sessions whose signals went over."""
    ),
    key=("project_id", "environment_id", "old_fingerprint", "fingerprint"),
    daily=False,
)

REJECTED = Table(
    "rejected",
    Kind.FACTS,
    "What was accepted and could not be processed: why, and the redacted bytes, kept 7 days, replayable.",
    read_columns(
        TENANT
        + """day DATE UTC day on which it was received.
rejected_id VARCHAR Public id, rej_….
stream VARCHAR Landing stream.
reason VARCHAR Stable code.
detail VARCHAR What was found.
received_at TIMESTAMP When the door received it.
session_id VARCHAR Session, if it named one.
window_id VARCHAR Window, if it named one.
sequence BIGINT Sequence, if it named one.
event_index INTEGER Position of the event in its batch, when only that was refused.
payload VARCHAR What came, redacted.
segment VARCHAR Landing segment.
commit_no BIGINT Lake commit that wrote it."""
    ),
    sorted_by=("received_at",),
    key=("project_id", "environment_id", "rejected_id"),
)

SEGMENTS = Table(
    "segments",
    Kind.LEDGER,
    "Landing segments that were taken in: noted in the transaction that wrote their rows.",
    read_columns(
        """stream VARCHAR Landing stream.
segment VARCHAR File name.
commit_no BIGINT Lake commit that took it in.
rows BIGINT Rows it held.
bytes BIGINT Size of the file.
noted_at TIMESTAMP When it was noted."""
    ),
    key=("stream", "segment"),
    daily=False,
)

CHANGES = Table(
    "changes",
    Kind.LEDGER,
    "What each commit touched, so that the next stage costs what changed and not what is stored.",
    read_columns(
        """commit_no BIGINT Lake commit.
source VARCHAR Table that changed.
project_id VARCHAR Project.
environment_id VARCHAR Environment.
day DATE Day of the rows, or null.
started_at TIMESTAMP Start of the session, or null.
key VARCHAR Session or fingerprint that was touched."""
    ),
    sorted_by=("commit_no",),
    daily=False,
)

PROGRESS = Table(
    "progress",
    Kind.LEDGER,
    "How far each stage has read the changes of the one before it.",
    read_columns(
        """stage VARCHAR Stage.
commit_no BIGINT Latest lake commit it has read."""
    ),
    key=("stage",),
    daily=False,
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        REPLAY_BATCHES,
        REPLAY_PAYLOADS,
        REPLAY_EVENTS,
        REPLAYS,
        PAGE_CHANGES,
        SIGNALS,
        CLUSTERS,
        ISSUES,
        INCIDENTS,
        SPECS,
        TEST_RUNS,
        CULPRITS,
        FIX_PROMPTS,
        FIX_PRS,
        VERIFICATIONS,
        LLM_CALLS,
        FINGERPRINT_VERSIONS,
        REJECTED,
        SEGMENTS,
        CHANGES,
        PROGRESS,
    )
}
