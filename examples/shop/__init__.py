"""Tidewater Supply: a small web shop with bugs that can be switched on, to show and test Retrace with.

A single-page front end (`static/`) on a Starlette backend; all state is in memory, one basket and account a browser.
Start it with `python -m examples.shop`, or build it with `create_shop`. Faults: `faults.py` and README.md.
"""

from .faults import Fault, parse_faults
from .server import Recorder, create_shop

__all__ = ["Fault", "Recorder", "create_shop", "parse_faults"]
