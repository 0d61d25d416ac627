"""What the reader knows of itself: the latest questions of each project, how long they took and how they ended.

Belongs here: counting and the figures. Does not: what is stored (actions/metrics). Nothing of it outlives the process,
and ingest, which other processes answer, is not in it.
"""

import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEPT: Final = 1_000
"""Questions remembered of each project."""

_SHOWN_TRACE_IDS: Final = 20
_TRACE_HEADER: Final = b"x-retrace-trace-id"


class _Question(NamedTuple):
    route: str
    status: int
    milliseconds: float
    trace_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The latest questions of one project: how many, how many failed on our side, how long they took."""

    since: datetime
    requests: int
    failures: int
    p50_ms: float | None
    p95_ms: float | None
    max_ms: float | None
    requests_by_route: dict[str, int]
    recent_trace_ids: list[str]


class Traffic:
    """The latest questions, by project; those without a valid token are nobody's."""

    def __init__(self) -> None:
        """Begin with none."""
        self._since = datetime.now(UTC)
        self._questions: defaultdict[str, deque[_Question]] = defaultdict(lambda: deque(maxlen=_KEPT))

    def note(self, project_id: str, question: _Question) -> None:
        """Remember a question that was answered."""
        self._questions[project_id].append(question)

    def figures(self, project_id: str) -> Figures:
        """The figures of a project."""
        questions = list(self._questions[project_id])
        times = sorted(question.milliseconds for question in questions)
        return Figures(
            since=self._since,
            requests=len(questions),
            failures=sum(question.status >= 500 for question in questions),
            p50_ms=_percentile(times, 50),
            p95_ms=_percentile(times, 95),
            max_ms=times[-1] if times else None,
            requests_by_route=dict(Counter(question.route for question in questions)),
            recent_trace_ids=[question.trace_id for question in questions[-_SHOWN_TRACE_IDS:] if question.trace_id],
        )


def _percentile(ordered: list[float], percent: int) -> float | None:
    """The nearest rank."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None


class Counting:
    """ASGI middleware: notes each question that came with a valid token."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        """Wrap the application."""
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def noticing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noticing)
        finally:
            project_id = scope.get("state", {}).get("project_id")
            if project_id is not None:
                trace_id = dict(scope["headers"]).get(_TRACE_HEADER, b"").decode("latin-1")
                milliseconds = round((time.perf_counter() - started) * 1_000, 2)
                name = f"{scope['method']} {scope['route'].path}"
                self._traffic.note(project_id, _Question(name, status, milliseconds, trace_id))
