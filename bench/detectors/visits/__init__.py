"""The visits our own set is recorded from: every case, by device and recorder.

Belongs here: their list. Does not: any case (clicks, failures, pages, shop).
"""

from itertools import chain
from typing import Final

from bench.detectors.visits import clicks, failures, pages, shop
from bench.detectors.visits.case import Case, variants

_CASES: Final[tuple[Case, ...]] = tuple(
    chain(
        *(clicks.DEAD, clicks.BUSY, clicks.RAGE, clicks.SHAKEN, clicks.CALM),
        *(failures.REQUESTS, failures.SLOW, failures.ERRORS, failures.CHUNKS, failures.ABANDONED, failures.STAYED),
        *(failures.CALM, pages.TOASTS, pages.CALM_MESSAGES, pages.BLANKS, pages.CALM_PAGES, shop.CASES),
    )
)

VISITS: Final[tuple[Case, ...]] = tuple(variants(_CASES))
