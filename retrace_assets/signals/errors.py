"""Errors of the page's code as detectors see them: what was printed, what escaped, and what is only noise.

Belongs here: reading a printed line or an exception, and telling the page's own errors from browsers' and extensions'
notices. Does not: which of them are findings (detectors).
"""

import polars as pl

from retrace_assets.signals.findings import event_id
from retrace_assets.signals.requests import TELEMETRY_HOST, host_of

# The reason code of exceptions nobody caught.
ESCAPED = "browser_exception"
# What bundlers and browsers say of a part of the application that did not load.
FAILED_CHUNK = (
    r"(?i)ChunkLoadError|Loading (?:CSS )?chunk \S+ failed|dynamically imported module|Importing a module script failed"
    r"|Unable to preload CSS"
)
_EXTENSION = r"^(?:chrome|moz|safari(?:-web)?|ms-browser)-extension$|^webkit-masked-url$"
_SCHEME = r"\b([a-z][a-z0-9+.-]*)://"
_SCRIPT = r"\b(https?://[^/\s]+)"
_STACK_IN_MESSAGE = r"(?s)\n((?:\s*at |[^\n]*@\S+:\d+).*)$"
_AFTER_TEXT = r"(?s)\n(?:\s*at |End of stack|[^\n]*@\S+:\d+).*$"
# rrweb's console plugin prints what reached the window as a line that begins so.
_UNCAUGHT = r"^(?:(?:Error: )?Uncaught (?:\(in promise\):? ?)?|Unhandled Promise Rejection: |\(in promise\):? ?)+"
_NOTICES = (
    r"ResizeObserver loop|^(?:Uncaught )?(?:NotAllowedError: play\(\)|AbortError: The play\(\) request)"
    r"|Non-Error promise rejection captured with value: Object Not Found Matching Id"
    r"|^\[(?:HMR|vite|webpack-dev-server)\]|^Warning: "
    r"|__gCrWeb|instantSearchSDKJSBridgeClearHighlight|zaloJSV2|Can't find variable: (?:_AutofillCallbackHandler|gmo)"
)
_ABORTED = (
    r"(?i)^(?:(?:DOM|Abort)(?:Exception|Error):? )?(?:AbortError|The (?:user aborted a request|operation was aborted))"
)


def errors_of(events: pl.DataFrame) -> pl.DataFrame:
    """Exceptions and printed errors of the page among events, without notices.

    `escaped` says whether it reached the window, `text` is the message without what follows it, `own_stack` where the
    error arose; `stack` of a printed line is where it was printed.
    """
    is_exception = pl.col("kind") == "exception"
    printed = (pl.col("kind") == "console") & pl.col("level").is_in(["error", "assert"])
    message = pl.col("message").fill_null("")
    escaped = is_exception | message.str.contains(_UNCAUGHT)
    in_message = message.str.extract(_STACK_IN_MESSAGE)
    return (
        events.filter(is_exception | printed)
        .with_columns(
            event_id=event_id(),
            started_at=pl.col("occurred_at"),
            escaped=escaped,
            text=message.str.replace(_AFTER_TEXT, "").str.replace(_UNCAUGHT, "").str.strip_chars(),
            own_stack=pl.when(is_exception)
            .then(pl.col("stack"))
            .when(escaped)
            .then(pl.coalesce(in_message, "stack"))
            .otherwise(in_message),
        )
        .filter((pl.col("text") != "") | pl.col("own_stack").is_not_null())
        .filter(~_is_notice())
    )


def _is_notice() -> pl.Expr:
    text = pl.col("text")
    texts = (pl.col("own_stack"), text, pl.col("stack"))
    scheme = pl.coalesce(*(source.str.extract(_SCHEME) for source in texts))
    script = host_of(pl.coalesce(*(source.str.extract(_SCRIPT) for source in texts)))
    opaque = text.str.contains(r"(?i)^script error\.?$") & pl.col("own_stack").is_null()
    favicon = text.str.starts_with("Failed to load resource") & text.str.contains("favicon", literal=True)
    known = text.str.contains(_NOTICES) | text.str.contains(_ABORTED)
    foreign = script.str.contains(TELEMETRY_HOST) & script.ne_missing(host_of(pl.col("url")))
    elsewhere = (scheme.str.contains(_EXTENSION) | foreign).fill_null(value=False)
    return known | opaque | favicon | elsewhere
