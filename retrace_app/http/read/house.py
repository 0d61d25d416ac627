"""What the reader has open: the home's lake and state store, and what it knows of itself.

Belongs here: holding it for the questions. Does not: opening and closing (app).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from fastapi import Request

from retrace_app.http.read.processing import Processing
from retrace_app.http.read.traffic import Traffic
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from retrace_resources.state import StateStore


@dataclass(frozen=True)
class House:
    """A home that is open for reading, and for the few decisions that are taken over HTTP."""

    home: Path
    lake: Lake
    landing: Landing
    state: StateStore
    traffic: Traffic
    processing: Processing


def house_of(request: Request) -> House:
    """The home a request is about."""
    return cast(House, request.app.state.house)
