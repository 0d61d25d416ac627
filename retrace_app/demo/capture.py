"""A door that only listens: takes what the recorder posts and keeps it in memory.

Belongs here: answering the recorder and remembering its batches, for recording the demo's visits and for tests. Does
not: checks of any kind; the real door is `retrace_app.http.ingest`.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from retrace_app.demo.serving import serving
from retrace_core.encodings import decompress, parse_content_encoding
from retrace_core.limits import MAX_BODY_BYTES

PATH = "/api/sdk/replay"

Batch = dict[str, Any]


@dataclass
class Capture:
    """What has been posted so far, oldest first, decompressed; `statuses` are answered first, 202 after them."""

    url: str = ""
    batches: list[Batch] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    received_at_ms: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    sent_bytes: int = 0

    def take(self, sent: bytes, encoding: str, key: str) -> int:
        """Remember one post; returns the status to answer."""
        body = decompress(encoding, sent, MAX_BODY_BYTES)
        self.bodies.append(body)
        self.sent_bytes += len(sent)
        self.keys.append(key)
        self.received_at_ms.append(time.time_ns() // 1_000_000)
        status = self.statuses.pop(0) if self.statuses else 202
        if status == 202:
            self.batches.append(json.loads(body))
        return status


@contextmanager
def capturing() -> Iterator[Capture]:
    """Listen on a free loopback port while the block runs."""
    capture = Capture()

    async def take(request: Request) -> Response:
        encoding = parse_content_encoding(request.headers.get("content-encoding", ""))
        status = capture.take(await request.body(), encoding, request.headers.get("x-retrace-key", ""))
        return JSONResponse({"accepted": status == 202}, status_code=status)

    # Headers as the real door sends them: the recorder is on another origin than its door.
    cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["POST"], allow_headers=["*"])
    application = Starlette(routes=[Route(PATH, take, methods=["POST"])], middleware=[cors])
    with serving(application) as address:
        capture.url = address + PATH
        yield capture
