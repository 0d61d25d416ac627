"""Every refusal Retrace can give, by name.

One enum serves HTTP bodies, CLI messages, the `rejected` table and the docs. Belongs here: a code, its sentence, its
HTTP status. Does not: how a face prints it.
"""

from enum import Enum


class ErrorCode(Enum):
    """A stable code with the sentence a person reads and the HTTP status a client gets."""

    sentence: str
    http_status: int

    def __new__(cls, code: str, http_status: int, sentence: str) -> "ErrorCode":
        """Make a member whose value is its code."""
        member = object.__new__(cls)
        member._value_ = code
        member.http_status = http_status
        member.sentence = sentence
        return member

    # A request the door cannot take.
    NOT_FOUND = ("not_found", 404, "There is nothing at this path.")
    METHOD_NOT_ALLOWED = ("method_not_allowed", 405, "This path does not take this method.")
    INVALID_CONTENT_LENGTH = ("invalid_content_length", 400, "Content-Length must be a whole number of bytes.")
    INCOMPLETE_BODY = ("incomplete_body", 400, "The body ended before Content-Length bytes had come.")
    BODY_TIMEOUT = ("body_timeout", 408, "The body came too slowly.")
    BODY_TOO_LARGE = ("body_too_large", 413, "The body, or what it decompresses to, is over the limit.")
    UNSUPPORTED_ENCODING = ("unsupported_encoding", 415, "Content-Encoding must be gzip, deflate, br, zstd or absent.")
    INVALID_GZIP = ("invalid_gzip", 400, "The body is not valid gzip.")
    INVALID_DEFLATE = ("invalid_deflate", 400, "The body is not valid deflate.")
    INVALID_BR = ("invalid_br", 400, "The body is not valid brotli.")
    INVALID_ZSTD = ("invalid_zstd", 400, "The body is not valid zstd.")
    INVALID_JSON = ("invalid_json", 400, "The body is not valid JSON in UTF-8.")
    INVALID_PAYLOAD = ("invalid_payload", 400, "The body must be a non-empty JSON object of the documented shape.")
    MISSING_SESSION_ID = ("missing_session_id", 400, "`sessionId` is missing or empty.")
    INVALID_SESSION_ID = ("invalid_session_id", 400, "`sessionId` must be a string of at most 200 characters.")
    INVALID_WINDOW_ID = ("invalid_window_id", 400, "`windowId` must be a string of at most 200 characters.")
    INVALID_SEQUENCE = ("invalid_sequence", 400, "`sequence` must be a whole number from 0 to 2^31-1.")
    INVALID_EVENTS = (
        "invalid_events",
        400,
        "`events` must be an array of objects, or of strings made by rrweb's packer.",
    )
    INVALID_PARAMETER = ("invalid_parameter", 400, "A parameter cannot be used as it was given.")
    MISSING_ENVIRONMENT_ID = ("missing_environment_id", 400, "The query parameter `environment_id` is required.")
    ENVIRONMENT_NOT_FOUND = ("environment_not_found", 404, "This project has no environment with this id.")
    UNAUTHORIZED = ("unauthorized", 401, "The key or token is missing, unknown or revoked.")
    FORBIDDEN = ("forbidden", 403, "This key or token may not do that.")
    RATE_LIMITED = ("rate_limited", 429, "Too many requests for this key in this window.")
    DISK_FULL = ("disk_full", 503, "There is no room left to keep what you sent; it was not accepted.")
    OVERLOADED = ("overloaded", 503, "Too much is coming in at once; what you sent was not accepted.")
    READS_UNAVAILABLE = ("reads_unavailable", 503, "Reading is not available here right now; ingest goes on.")
    INTERNAL_ERROR = ("internal_error", 500, "Something broke on our side; what you sent was not accepted.")

    # A row of the `rejected` table: accepted, but not processable.
    SEQUENCE_CONFLICT = ("sequence_conflict", 409, "This sequence number was already used with other content.")
    SESSION_TOO_OLD = ("session_too_old", 422, "The session began more than 8 days before it was received.")
    INVALID_EVENT = ("invalid_event", 422, "The event has no usable type or timestamp.")
    CORRUPT_ROW = ("corrupt_row", 422, "The landed bytes do not match their checksum.")
    UNREADABLE_BATCH = ("unreadable_batch", 422, "The landed batch could not be decoded.")
    UNREADABLE_SEGMENT = ("unreadable_segment", 422, "The landing segment could not be read and was set aside.")

    # What a person asked for on the command line, in the UI or over MCP.
    CONFIG_INVALID = ("config_invalid", 400, "The configuration has a value that cannot be used.")
    CONFIG_NOT_FOUND = ("config_not_found", 404, "The configuration file does not exist.")
    INVALID_NAME = ("invalid_name", 400, "A name needs at least one letter or digit.")
    KEY_NOT_FOUND = ("key_not_found", 404, "There is no SDK key or service token with this id.")
    PROVIDER_REFUSED = ("provider_refused", 400, "A service did not take what was configured for it.")
    INVALID_SCOPE = ("invalid_scope", 400, "A service token cannot have this scope.")
    FILE_UNWRITABLE = ("file_unwritable", 500, "A file cannot be written.")
    REPLAY_NOT_FOUND = ("replay_not_found", 404, "There is no replay with this id.")
    INCIDENT_NOT_FOUND = ("incident_not_found", 404, "There is no incident with this id.")
    ISSUE_NOT_FOUND = ("issue_not_found", 404, "There is no issue with this id.")
    INVALID_TRANSITION = ("invalid_transition", 409, "The incident cannot change in that way now.")
    DETECTOR_NOT_FOUND = ("detector_not_found", 404, "There is no detector with this name.")
    RULE_INVALID = ("rule_invalid", 400, "A detector's rule cannot be used as it was given.")
    SIGNAL_NOT_FOUND = ("signal_not_found", 404, "There is no signal with this id.")
    NOTHING_TO_SPLIT = ("nothing_to_split", 409, "What was chosen does not part the incident's signals.")
    WORKSPACE_NOT_FOUND = ("workspace_not_found", 404, "There is no project or environment with this name.")
    LAKE_NOT_FOUND = ("lake_not_found", 404, "Nothing has been taken in here yet.")
    INVALID_SQL = ("invalid_sql", 400, "The query could not be run.")
    INVALID_SPEC = ("invalid_spec", 400, "The test cannot be used as it is written.")
    SPEC_NOT_FOUND = ("spec_not_found", 404, "There is no test with this id.")
    RUN_NOT_FOUND = ("run_not_found", 404, "There is no test run with this id.")
    NOT_TESTABLE = ("not_testable", 422, "No test can be made of this recording.")
    APP_NOT_STARTED = ("app_not_started", 503, "The app under test did not start.")
    MISSING_INPUT = ("missing_input", 400, "The test needs a value that was not given.")
    CERTIFICATE_INVALID = ("certificate_invalid", 422, "The certificate does not hold.")
    REPOSITORY_NOT_FOUND = ("repository_not_found", 404, "No repository of this name is connected.")
    REPOSITORY_UNUSABLE = ("repository_unusable", 422, "The repository cannot be worked with as it is.")
    NOT_RED = ("not_red", 409, "Nobody has seen this incident's test red, so no fix is tried.")
    AGENT_NOT_FOUND = ("agent_not_found", 404, "There is no such agent on this machine.")
    AGENT_FAILED = ("agent_failed", 422, "The agent came to no patch.")
    SANDBOX_UNAVAILABLE = ("sandbox_unavailable", 503, "Nothing can be confined on this machine.")
    PATCH_REFUSED = ("patch_refused", 422, "The patch was not admitted.")
    CODE_HOST_REFUSED = ("code_host_refused", 502, "The code host did not take what was asked of it.")
    PULL_REQUEST_CLOSED = ("pull_request_closed", 409, "A person closed the pull request of this fix.")
    FIX_NOT_FOUND = ("fix_not_found", 404, "There is no fix with this id.")
    MODEL_UNAVAILABLE = ("model_unavailable", 503, "The language model did not answer.")
    REPORT_NOT_FOUND = ("report_not_found", 404, "There is no report to suggest fixes for.")
    MODEL_INVALID = ("model_invalid", 400, "An SQL model cannot be used as it is written.")
    SQL_NOT_READ_ONLY = ("sql_not_read_only", 403, "Only reading queries are allowed here.")
    HOME_TOO_NEW = ("home_too_new", 409, "This data was written by a newer Retrace.")
    HOME_UNUSABLE = ("home_unusable", 500, "The data folder cannot be read or written.")
    PORT_IN_USE = ("port_in_use", 409, "Another program is listening on this port.")
    BROWSER_NOT_FOUND = ("browser_not_found", 404, "No Chromium was found and none could be installed.")
    DEMO_VISIT_FAILED = ("demo_visit_failed", 500, "A visitor of the demo shop could not finish.")
    RECORDER_NOT_BUILT = ("recorder_not_built", 404, "The browser recorder has not been built.")
    PARTITION_FROZEN = ("partition_frozen", 409, "The facts of this day were pruned, so it cannot be rebuilt.")
    ALREADY_RUNNING = ("already_running", 409, "Retrace is already running on this data folder.")
    DAGSTER_UNAVAILABLE = ("dagster_unavailable", 503, "Dagster does not answer.")
    RUN_FAILED = ("run_failed", 500, "The pipeline run failed.")


class RetraceError(Exception):
    """A refusal with its code, what was found, and the next step."""

    def __init__(self, code: ErrorCode, detail: str = "", hint: str = "") -> None:
        """Keep the code; `detail` says what was found, `hint` what to do next."""
        super().__init__(f"{code.value}: {detail or code.sentence}")
        self.code = code
        self.detail = detail
        self.hint = hint
