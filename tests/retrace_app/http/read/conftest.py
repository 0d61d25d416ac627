"""A reader that answers on loopback, over a home in which two projects have recorded the same kind of things.

What belongs to the project Bank says so in every text a page can send: no answer to a token of Shop may hold it.
"""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from retrace_app.http.read.app import create_app
from retrace_assets.clusters import update as clusters
from retrace_assets.incidents import update as incidents
from retrace_assets.intake.update import drain
from retrace_assets.issues import update as issues
from retrace_assets.pages import update as pages
from retrace_assets.replays import update as replays
from retrace_assets.signals import update as signals
from retrace_assets.signals.detectors import enabled_detectors
from retrace_resources.lake import Lake
from retrace_resources.landing import LandedRow, Landing
from retrace_resources.state import StateStore, Workspace
from tests.landing_rows import RECEIVED, at, click, land, meta, plugin, post

SCOPES = ("issues:read", "issues:write", "replay:read", "replay:write", "mcp:read", "admin")


@dataclass
class Project:
    """A project with data: its token, and the ids of what it has."""

    name: str
    workspace: Workspace
    token: str
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def environment_id(self) -> str:
        """Its environment."""
        return self.workspace.environment_id


@dataclass
class Site:
    """A reader that runs, its home and its two projects."""

    home: Path
    client: httpx.Client
    shop: Project
    bank: Project

    def get(self, path: str, owner: Project | None = None, /, **params: Any) -> httpx.Response:
        """Ask as a project, in its environment unless another is given."""
        owner = owner or self.shop
        return self.ask("GET", path, owner.token, {"environment_id": owner.environment_id, **params})

    def post(self, path: str, body: object, project: Project | None = None) -> httpx.Response:
        """Post JSON as a project, in its environment."""
        owner = project or self.shop
        return self.ask("POST", path, owner.token, {"environment_id": owner.environment_id}, body)

    def ask(
        self, method: str, path: str, token: str = "", params: Mapping[str, Any] | None = None, body: object = None
    ) -> httpx.Response:
        """Ask anything."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        given = {name: value for name, value in (params or {}).items() if value is not None}
        return self.client.request(method, path, params=given, json=body, headers=headers)


def mint(state: StateStore, workspace: Workspace, *scopes: str) -> str:
    """A service token's secret."""
    return state.create_service_token(workspace.project_id, "Ann's dashboard", scopes or SCOPES)[1]


def visits(workspace: Workspace, name: str) -> Iterator[LandedRow]:
    """Three visits: two windows with a failing order, an exception next day, and one in which nothing goes wrong."""
    origin = f"https://{name}.test"

    def sent(session: str, sent_ms: float, events: list[dict[str, Any]], **more: Any) -> LandedRow:
        row = post(
            events,
            session=f"{name}-{session}",
            environment=workspace.environment_id,
            received_at=RECEIVED + timedelta(milliseconds=sent_ms),
            sentAt=at(sent_ms),
            **more,
        )
        return row._replace(project_id=workspace.project_id)

    order = {"kind": "fetch", "method": "POST", "url": f"{origin}/api/{name}-orders", "status": 500, "durationMs": 9}
    who: dict[str, Any] = {"distinctId": f"{name}-ann", "release": f"{name}-r1"}
    first = [meta(0, f"{origin}/cart"), click(200, 7), plugin(400, "retrace/network@1", order)]
    yield sent("1", 500, first, **who)
    yield sent("1", 900, [click(600 + n, 8) for n in range(4)], sequence=1, flushType="final", **who)
    later = [meta(2_000, f"{origin}/done"), click(2_100, 9)]
    yield sent("1", 2_500, later, window="w0", flushType="final", **who)

    day = 86_400_000
    thrown = {"kind": "onerror", "message": f"TypeError: {name} is broken", "stack": f"at f ({origin}/a.js:1:2)"}
    second = [meta(day, f"{origin}/pay"), plugin(day + 50, "retrace/exception@1", thrown)]
    yield sent("2", day + 60, second, distinctId=f"{name}-bob", flushType="final")
    third = [meta(day + 5_000, f"{origin}/help"), click(day + 9_000, 3)]
    yield sent("3", day + 9_100, third, flushType="final")


def take_in(home: Path, rows: Iterator[LandedRow] | list[LandedRow]) -> None:
    """Land posts and run all stages on them."""
    land(home, rows)
    with Lake(home) as lake, StateStore.open(home) as state:
        drain(lake, Landing(home))
        replays.update(lake, datetime.now(UTC).replace(tzinfo=None))
        pages.update(lake)
        signals.update(lake, enabled_detectors({}))
        clusters.update(lake)
        issues.update(lake, state)
        incidents.update(lake, state)


@contextmanager
def running(home: Path) -> Iterator[httpx.Client]:
    """A reader of a home, as a client of it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(create_app(home), access_log=False, log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
                assert thread.is_alive()
            with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=60) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


def open_site(home: Path, client: httpx.Client) -> Site:
    """Make both projects, with a token each."""
    with StateStore.open(home) as state:
        places = {name: state.ensure_workspace("Test", name, "production") for name in ("shop", "bank")}
        tokens = {name: mint(state, place) for name, place in places.items()}
    shop, bank = (Project(name, places[name], tokens[name]) for name in ("shop", "bank"))
    return Site(home, client, shop, bank)


def learn_ids(site: Site, project: Project) -> None:
    """Note one id of each kind that a project has."""
    session = site.get("/api/replays", project, limit=1, distinct_id=f"{project.name}-ann").json()["sessions"][0]
    incident = site.get("/api/incidents", project).json()["incidents"][0]
    signal = site.get("/api/signals", project).json()["signals"][0]
    project.ids = {
        "environment_id": project.environment_id,
        "replay_id": session["replay_id"],
        "session": session["session_id"],
        "window_id": "w1",
        "issue_id": incident["issue_ids"][0],
        "incident_id": incident["public_id"],
        "incident": incident["public_id"],
        "fingerprint": signal["fingerprint"],
        "detector": signal["detector"],
        "distinct_id": f"{project.name}-ann",
        "release": f"{project.name}-r1",
        "url": f"{project.name}.test",
        "route": "/cart",
    }


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One reader for all tests that decide nothing."""
    home = tmp_path_factory.mktemp("reader")
    with running(home) as client:
        opened = open_site(home, client)
        for project in (opened.shop, opened.bank):
            take_in(home, list(visits(project.workspace, project.name)))
            learn_ids(opened, project)
        yield opened


@pytest.fixture
def fresh_site(home: Path) -> Iterator[Site]:
    """A reader of one's own, over a home in which nothing was recorded yet."""
    with running(home) as client:
        yield open_site(home, client)
