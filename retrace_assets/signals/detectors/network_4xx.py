"""A request that was refused though the user did nothing wrong.

What it finds
    Requests of the page that were answered with a status from 400 to 499 and left unexplained: one finding for each
    distinct method, URL template and status of a session, with all its occurrences.

Why it matters
    The page asked for something that is not there, or in a way the server does not take: a link to what was deleted,
    a body without a field, an address that has changed. Pages that expect only success then wait for ever or show
    nothing.

Fires when
    - the status is from 400 to 499 (RFC 9110, section 15.5: the class of client errors) and none of the below holds.

Stays quiet when
    - the status is 401 or 407, who are you, which begins every login, or 499, which says that the page itself gave up;
    - there was no answer at all (status 0): blocked, aborted by a change of page or offline; see network_5xx;
    - a probe asked: HEAD and OPTIONS are sent to find out, and a no is an answer;
    - a file was asked for: icons, manifests, source maps, robots, pictures, fonts, and scripts and styles, which
      failed_chunk judges; for `.json` files also unless a click asked for them. Browsers and libraries ask for many
      that no user misses;
    - the request is telemetry (as in network_5xx) or the URL is no web address;
    - the page explains a refused input (400, 402, 403, 409, 412, 413, 415, 422, 428, 429, of a request other than GET
      or after typing): from 100 ms before to `explained_ms` (1,000 ms) after the answer it shows a message that belongs
      to a field or does not merely say that something failed, or a sentence of 15 to 200 characters appears. That is
      validation at work. A page handles an answer in the same task or the next (0 to 5 ms in our recordings). Once
      explained, the same answer stays so in that window: the message may still stand there. With 404 and 410 only a
      message at a field explains: no such coupon;
    - it is a question asked while the user types: a GET answered with 404 that began within `typing_ms` (1,000 ms) of
      the latest input, with no click since; a name that is free, an address that is unknown;
    - the next try is answered: the same method and address, without its query unless it is a GET, succeeds within
      `recovered_ms` (10,000 ms): a retry after 429, a result that is polled for until it is there, a form that was
      corrected. After 404 and 410 also any other method at this address, or a POST to its parent, since what was looked
      up may be made then. All operations of GraphQL and RPC share an address and are left out of this.

Future it needs
    10,000 ms in an open window: the next try may be answered.

Example
    `GET /api/articles/gone` is answered with 404 and /article/gone says “Article is downloading…” for ever.

Options
    explained_ms: within how many milliseconds after an answer a message explains it.
    typing_ms: within how many milliseconds of the latest input a lookup belongs to the typing.
    recovered_ms: within how many milliseconds a success makes up for it.

Known problems
    - A page that is drawn anew to explain, such as a whole “Not found” page, is not seen as an explanation.
    - What sentence appears is not known unless it is marked as a message or speaks of failure: any will do.
    - A bad link from another site to a page that is gone counts, though this site is not to blame.
    - Whether a message merely says that something failed is told for English; in other languages it explains.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.findings import WINDOW, in_windows_of, join_nearest, settled
from retrace_assets.signals.requests import is_web_address, request_findings, requests_of, with_click

FIRST_STATUS, LAST_STATUS = 400, 499
_EXPECTED: Final = (401, 407, 499)
_VALIDATION: Final = (400, 402, 403, 409, 412, 413, 415, 422, 428, 429)
_MISSING: Final = (404, 410)
# Recorders that report when the body was read are later than the page's own handler.
_MESSAGE_SKEW_MS: Final = 100
_REASON = (
    r"(?i)\b(?:invalid|incorrect|wrong |required|must|already|taken|exists?|expired|too (?:short|long|many|large|weak)"
    r"|match(?:es)?|please (?:enter|choose|select|check|fill|use|log|sign)|missing|stock|enough|declined|insufficient"
    r"|not (?:allowed|permitted|valid|found|available|supported|authori[sz]ed)|permission|limit|denied|forbidden"
    r"|no such|unknown (?:user|account|e-?mail|code|coupon)|cannot be (?:empty|blank)|can't be (?:empty|blank))\b"
)
_FAILURE = (
    r"(?i)went wrong|unexpected|error occurred|an error|^\W*(?:error|oops|failed|failure)\b|try again|fail(?:ed|ure)\b"
    r"|could ?n[o'’]t|could not|can(?:'|’|no)t (?:load|save|connect|reach|be (?:loaded|saved|reached))|unable to|sorry"
    r"|status(?: code)? \d|\b4\d\d\b|bad request|unknown error|internal"
)
# A sentence that says what is wrong has three words or more, and is no paragraph.
_SENTENCE_CHARS: Final = 15
_LONGEST_SENTENCE_CHARS: Final = 200
_SHARED_ADDRESS = r"(?i)/(?:graphql|gql|rpc|trpc|batch|query)(?:$|[/.?])"
_JSON_FILE = r"(?i)\.json$"
# A query differs by the time or by a counter where caches are to be passed by.
_QUERY_VALUE = r"=[\d.]+"


@dataclass(frozen=True)
class Options(DetectorOptions):
    """Milliseconds."""

    explained_ms: int = 1_000
    typing_ms: int = 1_000
    recovered_ms: int = 10_000

    @property
    def future_ms(self) -> int:
        """A later answer may make up for it."""
        return max(self.explained_ms, self.recovered_ms)


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find refused requests; see the module's text for the rule."""
    status = pl.col("status")
    answers = recordings.events.filter(pl.col("kind") == "network")
    events = in_windows_of(recordings.events, answers.filter(status.is_between(FIRST_STATUS, LAST_STATUS)))
    requests = requests_of(events).filter(is_web_address())
    refused = with_click(requests.filter(_is_refused()), events)
    judged = _with_typing(refused, events)
    judged = _with_explanation(judged, recordings.page, options)
    judged = _with_success(judged, requests, options)
    kept = settled(judged.filter(~_is_normal(options)), recordings.windows, options.future_ms)
    return _findings(request_findings(kept, "status"))


def _is_refused() -> pl.Expr:
    return (
        pl.col("status").is_between(FIRST_STATUS, LAST_STATUS)
        & ~pl.col("status").is_in(_EXPECTED)
        & ~pl.col("method").is_in(["HEAD", "OPTIONS"])
        & ~pl.col("telemetry")
        & ~pl.col("file")
    )


def _is_normal(options: Options) -> pl.Expr:
    get = pl.col("method") == "GET"
    since_input = (pl.col("started_at") - pl.col("typed_at")).dt.total_milliseconds()
    typing = (
        (since_input <= options.typing_ms) & (pl.col("clicked_at") <= pl.col("typed_at")).fill_null(value=True)
    ).fill_null(value=False)
    since_click = (pl.col("started_at") - pl.col("clicked_at")).dt.total_milliseconds()
    asked = (since_click <= options.typing_ms).fill_null(value=False)
    optional_file = pl.col("path").str.contains(_JSON_FILE) & get & ~asked
    looked_up = get & (pl.col("status") == 404) & typing
    return pl.any_horizontal("explained", "recovered", optional_file, looked_up)


def _with_typing(requests: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Add `typed_at`: the latest input before each request began."""
    inputs = events.filter(pl.col("kind") == "input").select(*WINDOW, typed_at="occurred_at")
    return join_nearest(requests, inputs, left_on="started_at", right_on="typed_at")


def _with_explanation(requests: pl.DataFrame, page: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Add `explained`: whether the page says, to this answer or before to the same one, what is wrong with an input."""
    messages = _explanations(in_windows_of(page, requests))
    entered = (pl.col("method") != "GET") | pl.col("typed_at").is_not_null()
    requests = requests.with_columns(answered_at=pl.col("occurred_at") - pl.duration(milliseconds=_MESSAGE_SKEW_MS))
    for name, shown in (("any", messages), ("field", messages.filter("at_field"))):
        requests = requests.pipe(
            join_nearest,
            shown.select(*WINDOW, pl.col("shown_at").alias(f"{name}_shown_at")),
            left_on="answered_at",
            right_on=f"{name}_shown_at",
            strategy="forward",
            within_ms=options.explained_ms + _MESSAGE_SKEW_MS,
        )
    validated = pl.col("status").is_in(_VALIDATION) & pl.col("any_shown_at").is_not_null()
    missed = pl.col("status").is_in(_MISSING) & pl.col("field_shown_at").is_not_null()
    answer = (*WINDOW, "method", "host", "path", "status")
    return requests.with_columns(explained=(entered & (validated | missed)).any().over(answer))


def _explanations(page: pl.DataFrame) -> pl.DataFrame:
    """When the page said something that may explain a refusal, and whether at a field (`at_field`)."""
    message = pl.col("message").fill_null("")
    near_field = pl.col("near_field").fill_null(value=False)
    explains = near_field | message.str.contains(_REASON) | ~message.str.contains(_FAILURE)
    messages = page.filter(pl.col("kind") == "message")
    # What is not marked as a message is known by its length alone, unless its words were of failure.
    gained = (pl.col("chars").cast(pl.Int64) - pl.col("chars").shift(1)).over(WINDOW)
    sentences = (
        page.filter(pl.col("kind").is_in(["snapshot", "change"]))
        .with_columns(gained=gained)
        .filter(pl.col("kind") == "change", pl.col("gained").is_between(_SENTENCE_CHARS, _LONGEST_SENTENCE_CHARS))
        .join(messages, on=[*WINDOW, "sequence", "event_index"], how="anti", maintain_order="left")
    )
    told = messages.filter(explains).with_columns(at_field=near_field)
    shown = pl.concat([told, sentences.with_columns(at_field=pl.lit(value=False))], how="diagonal")
    return shown.select(*WINDOW, "at_field", shown_at="occurred_at")


def _with_success(requests: pl.DataFrame, all_requests: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Add `recovered`: whether what was refused succeeded soon after."""
    address = pl.format("{}{}", pl.col("host").fill_null(""), pl.col("path").str.strip_chars_end("/"))
    query = pl.col("request_url").str.extract(r"\?([^#]*)").str.replace_all(_QUERY_VALUE, "=")
    full = pl.when(pl.col("method") == "GET").then(pl.format("{}?{}", address, query.fill_null(""))).otherwise(address)
    same = pl.format("{} {}", "method", full)
    shared = pl.col("path").str.contains(_SHARED_ADDRESS)
    missing = pl.col("status").is_in(_MISSING)
    succeeded = (
        all_requests.filter(pl.col("status").is_between(200, 399), ~shared)
        .join(requests.select(WINDOW).unique(), on=WINDOW, how="semi")
        .with_columns(same=same, address=address)
    )
    wrote = succeeded.filter(pl.col("method") != "GET")
    ways = (
        ("same", same, succeeded),
        ("address", pl.when(missing).then(address), wrote),
        (
            "parent",
            pl.when(missing).then(address.str.replace(r"/[^/]*$", "")),
            wrote.filter(pl.col("method") == "POST"),
        ),
    )
    for name, key, successes in ways:
        later = successes.select(
            *WINDOW, key=pl.col("address" if name == "parent" else name), succeeded_at="occurred_at"
        )
        requests = (
            requests.with_columns(key=pl.when(~shared).then(key))
            .pipe(
                join_nearest,
                later.rename({"succeeded_at": f"{name}_succeeded_at"}),
                left_on="occurred_at",
                right_on=f"{name}_succeeded_at",
                by=[*WINDOW, "key"],
                strategy="forward",
                within_ms=options.recovered_ms,
            )
            .drop("key")
        )
    times = pl.col("same_succeeded_at", "address_succeeded_at", "parent_succeeded_at")
    return requests.with_columns(recovered=pl.any_horizontal(times.is_not_null()))


def _findings(grouped: pl.DataFrame) -> pl.DataFrame:
    own = pl.when("own")
    return grouped.with_columns(
        confidence=own.then(pl.lit("medium")).otherwise(pl.lit("low")),
        severity=own.then(pl.lit("medium")).otherwise(pl.lit("low")),
        reason_codes=own.then(pl.lit(["network_4xx.status_4xx"])).otherwise(
            pl.lit(["network_4xx.status_4xx", "network_4xx.third_party"])
        ),
        message=pl.format("{} answers {} on {}", "called", "status", pl.col("route").fill_null("an unknown page")),
        counterfactual=pl.format(
            "would not have fired had {} been answered with a status below 400, had the page shown why, or had the "
            "next try succeeded; it answered {}{}",
            "called",
            "status",
            "took",
        ),
        expected=pl.format("{} is answered with a status below 400", "called"),
        suspect=pl.format("what {} asks for on {}, which the server refuses with {}", "called", "route", "status"),
        identity=pl.concat_list("method", "request", pl.col("status").cast(pl.String)),
    )


DETECTOR = Detector(
    name="network_4xx",
    documentation=__doc__,
    code_version=1,
    kinds=frozenset({"network", "click", "input"}),
    options=Options(),
    rule=detect,
)
