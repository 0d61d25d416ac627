"""One incident a bug: a finding that follows from another takes its fingerprint.

Belongs here: putting the links together, and what comes of them. Does not: what follows from what (after_failures,
after_clicks), what a finding is (detectors), or how equal bugs of many sessions meet (their fingerprints are equal).
"""

from collections.abc import Mapping

import polars as pl

from retrace_assets.signals.after_clicks import clicks_after_failures, rage_after_dead_clicks
from retrace_assets.signals.after_failures import (
    blank_pages_beside_failures,
    chunks_and_their_words,
    ends_after_failures,
    errors_after_requests,
    lines_beside_exceptions,
    messages_beside_errors,
    parts_of_what_is_missing,
)

# The surest link first. Each leads to a detector, or a kind of its findings, further up in this order: network_5xx,
# network_4xx, failed_chunk, escaped exceptions, printed lines, messages and blank pages, clicks, ends of visits.
_LINKS = (
    errors_after_requests,
    parts_of_what_is_missing,
    chunks_and_their_words,
    lines_beside_exceptions,
    messages_beside_errors,
    blank_pages_beside_failures,
    clicks_after_failures,
    rage_after_dead_clicks,
    ends_after_failures,
)
# What never makes a bug of its own: without a finding it follows from it is dropped.
_ONLY_AS_CONSEQUENCES = ("session_abandon_on_error",)


def attribute_causes(findings: pl.DataFrame) -> pl.DataFrame:
    """Add `cause`, `because` and `fingerprint` to findings that have `signal_id`, `detector` and `own_fingerprint`.

    `cause` is the signal a finding is a direct consequence of, `because` says why in words, `fingerprint` is the own
    fingerprint of the first cause in the chain; without a cause they are null, null and the finding's own. An end of a
    visit without a cause is dropped. Causes are looked for in the same window only:

    - A console_error or error_toast follows from a refused or failed request when at least half of its occurrences come
      from 100 ms before (the recorder may report the request late) to 1,000 ms after the request was answered, unless
      the user clicked in between. Of several requests the one whose path the message names is taken, then one whose
      status it names, then the latest.
    - A network_4xx follows from another with the same status within 1,000 ms whose path it continues.
    - A failed_chunk follows from the network_5xx about the same file; a console_error in the words of a bundler from
      the failed_chunk nearest to it, within 1,000 ms.
    - A printed line follows from an escaped exception when at least half of its occurrences come within 100 ms of one:
      frameworks report what they caught (`The above error occurred in …`) beside the error itself. An error_toast
      follows in the same way from an error of either kind.
    - A blank_render follows from an error, a failed_chunk or a request within 1,000 ms of its beginning.
    - A rage_click, dead_click or error_click follows from a failure that answers its clicks: a request that starts
      within 250 ms, or an error that comes within 1,000 ms, of a click on the same control and before the next click.
      It must answer half of them, and at least two of a run; or, for anything but a printed line, the first click or
      the latest on that control in the 10 s before it (the control may be stuck since).
    - A rage_click without such a failure follows from a dead_click on its control within 10 s.
    - A session_abandon_on_error follows from the finding about the failure it names.

    Everything else keeps its own fingerprint: two unrelated bugs of one session stay two.
    """
    links = pl.concat([link(findings) for link in _LINKS]).unique("effect", keep="first", maintain_order=True)
    own = dict(zip(findings["signal_id"], findings["own_fingerprint"], strict=True))
    causes = dict(zip(links["effect"], links["cause"], strict=True))
    attributed = findings.join(
        links.rename({"effect": "signal_id"}), on="signal_id", how="left", maintain_order="left"
    ).with_columns(
        pl.Series(
            "fingerprint",
            [own[_root(signal, causes)] for signal in findings["signal_id"]],
            dtype=pl.String,
        )
    )
    return attributed.filter(~pl.col("detector").is_in(_ONLY_AS_CONSEQUENCES) | pl.col("cause").is_not_null())


def _root(signal: str, causes: Mapping[str, str]) -> str:
    # Ends, since causes come before consequences in the order of _LINKS.
    while signal in causes:
        signal = causes[signal]
    return signal
