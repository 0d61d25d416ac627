"""Records the stored visits anew: `python -m retrace_app.demo.record`, after the shop or the recorder changed.

Belongs here: one run of all visitors with the real recorder, and writing what it posted. Does not: the file's format.
"""

import sys

from retrace_app.demo.capture import Batch, capturing
from retrace_app.demo.shop_server import SHOP_PORT, running_shop
from retrace_app.demo.stored import VISITS_FILE, store_batches
from retrace_app.demo.visitors import FAULTS, Visit, run_visits

_SDK_KEY = "rtpk_recording"
# Few enough that nobody's clicks are slowed down by somebody else's page.
_AT_ONCE = 2


def record_visits() -> list[Batch]:
    """Let every visitor visit the shop in a real Chromium; returns what the recorder posted."""
    with capturing() as capture, running_shop(door_url=capture.url, sdk_key=_SDK_KEY, port=SHOP_PORT) as shop_url:
        run_visits(shop_url, FAULTS, _report, at_once=_AT_ONCE)
        return list(capture.batches)


def _report(visit: Visit) -> None:
    sys.stderr.write(f"{visit.visitor}  {visit.fault or 'clean':18} {visit.seconds:5.1f} s\n")


if __name__ == "__main__":
    size = store_batches(record_visits())
    sys.stdout.write(f"{VISITS_FILE}: {size} bytes\n")
