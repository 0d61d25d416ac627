"""A part of the application that could not be loaded.

What it finds
    Scripts and styles that are fetched when they are needed and did not come: one finding for each distinct file of a
    session, hashes and numbers in its name left out, with all its occurrences.

Why it matters
    Behind a lazy part is a whole page or dialog. Right after a deploy the old page asks for files that are gone: links
    do nothing until the user thinks of loading the page anew.

Fires when
    - an exception or a printed error is a bundler's or browser's word for it: `ChunkLoadError` and `Loading chunk …
      failed` (webpack), `Failed to fetch dynamically imported module` (Chrome), `error loading dynamically imported
      module` (Firefox), `Importing a module script failed` (Safari), `Unable to preload CSS` (Vite);
    - or a `.js`, `.mjs`, `.cjs` or `.css` file of the page's own site is answered with 400 or more.

Stays quiet when
    - a script of another site fails: consent managers and blockers of advertisements see to that;
    - the file had no answer (status 0) and nobody complained: recorders report 0 for what they may not look at;
    - the same file is answered with less than 400 within `recovered_ms` (10,000 ms): it was tried again.

Future it needs
    10,000 ms in an open window: the file may come after all.

Example
    `Login-<hash>.js` is answered with 404 after a deploy; a click on “Sign in” does nothing.

Options
    recovered_ms: within how many milliseconds a success makes up for it.

Known problems
    - Safari does not say which file failed: all such failures on one page are one finding.
    - A page that loads itself anew when a part is missing repairs what is reported here.
"""

from dataclasses import dataclass

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.errors import FAILED_CHUNK, errors_of
from retrace_assets.signals.findings import (
    EVENT_ORDER,
    SESSION,
    WINDOW,
    in_windows_of,
    join_nearest,
    occurrences,
    settled,
    shown,
    with_last_click,
)
from retrace_assets.signals.requests import requests_of
from retrace_assets.signals.targets import with_target
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import route_template

# A URL, or the path that Vite names.
_FILE = r"""(?i)((?:https?://|/)[^\s"'()]+\.(?:m?js|cjs|css)|[\w.~-]+\.(?:chunk\.)?(?:m?js|css))(?:[?#):\s"']|$)"""
_CODE_URL = r"(?i)\.(?:m?js|cjs|css)(?:[?#]|$)"
_PATH = r"(?i)^(?:https?://[^/?#]*)?([^?#]*)"


@dataclass(frozen=True)
class Options(DetectorOptions):
    """Milliseconds."""

    recovered_ms: int = 10_000

    @property
    def future_ms(self) -> int:
        """The file may be tried again."""
        return self.recovered_ms


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find parts that did not load; see the module's text for the rule."""
    events = recordings.events
    files = events.filter(pl.col("kind") == "network", pl.col("request_url").str.contains(_CODE_URL))
    requests = requests_of(files).filter("own", "code_file")
    failures = pl.concat([_reported(events), _refused(requests)], how="diagonal_relaxed")
    failures = _without_recovered(failures, requests, options)
    failures = settled(failures, recordings.windows, options.future_ms)
    clicks = with_target(in_windows_of(events.filter(pl.col("kind") == "click"), failures))
    return _findings(with_last_click(failures, clicks).sort(*EVENT_ORDER))


def _reported(events: pl.DataFrame) -> pl.DataFrame:
    lines = events.filter(pl.col("kind").is_in(["exception", "console"]), pl.col("message").str.contains(FAILED_CHUNK))
    return errors_of(lines).with_columns(
        path=pl.col("text").str.extract(_FILE).str.extract(_PATH), status=pl.lit(None, pl.Int32)
    )


def _refused(requests: pl.DataFrame) -> pl.DataFrame:
    return requests.filter(pl.col("status") >= 400).with_columns(text=pl.lit(None, pl.String))


def _without_recovered(failures: pl.DataFrame, requests: pl.DataFrame, options: Options) -> pl.DataFrame:
    loaded = requests.filter(pl.col("status").is_between(200, 399)).select(*WINDOW, "path", loaded_at="occurred_at")
    return (
        failures.pipe(
            join_nearest,
            loaded,
            left_on="occurred_at",
            right_on="loaded_at",
            by=[*WINDOW, "path"],
            strategy="forward",
            within_ms=options.recovered_ms,
        )
        .filter(pl.col("loaded_at").is_null())
        .drop("loaded_at")
    )


def _findings(failures: pl.DataFrame) -> pl.DataFrame:
    named = failures.with_columns(
        map_distinct(failures["path"], route_template).alias("module"),
        map_distinct(failures["url"], route_template).alias("route"),
    ).with_columns(place=pl.when(pl.col("module").is_null()).then(pl.col("route")))
    first = ("window_id", "event_id", "occurred_at", "url", "route", "level", "stack", "trace_id", "path")
    some = ("text", "status", "method", "duration_ms", "request_url")
    grouped = named.group_by(*SESSION, "module", "place", maintain_order=True).agg(
        *(pl.col(name).first() for name in first), *(pl.col(name).drop_nulls().first() for name in some), *occurrences()
    )
    what = pl.col("module").fill_null("a part of the application")
    answered = pl.format("it was answered with {}", "status")
    return grouped.with_columns(
        confidence=pl.lit("high"),
        severity=pl.lit("high"),
        reason_codes=pl.when(pl.col("text").is_not_null())
        .then(pl.lit(["failed_chunk.load_failed"]))
        .otherwise(pl.lit(["failed_chunk.file_refused"])),
        message=pl.format("{} does not load on {}", what, pl.col("route").fill_null("an unknown page")),
        counterfactual=pl.format(
            "would not have fired had {} loaded; {}",
            what,
            pl.coalesce(answered, pl.lit("the page reported that it did not")),
        ),
        expected=pl.format("{} loads when it is needed", what),
        suspect=pl.format("the deploy that took {} away, or its address", what),
        identity=pl.concat_list(pl.col("module", "place").fill_null("")),
        template=pl.col("module"),
        request=pl.when(pl.col("status").is_not_null()).then("module"),
        error=pl.struct("level", "stack", message=shown("text")),
        request_detail=pl.struct("method", "status", "duration_ms", "trace_id", url=shown("request_url")),
    )


DETECTOR = Detector(
    name="failed_chunk",
    documentation=__doc__,
    code_version=1,
    kinds=frozenset({"network", "console", "exception", "click"}),
    options=Options(),
    rule=detect,
    on_by_default=False,
)
