"""What goes out of a run's browser: calls to foreign hosts are stopped, the app's own carry the login, and in a
hermetic run answers come from a file.

Belongs here: the one handler every request passes. Does not: noting requests (watch).
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from playwright.sync_api import BrowserContext, Route
from playwright.sync_api import Error as PlaywrightError

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.parametrise import route_template
from retrace_core.spec import Spec
from retrace_core.spec_assertions import RequestSucceeds
from retrace_resources.engine.hosts import is_own
from retrace_resources.engine.options import RunOptions
from retrace_resources.engine.watch import Watch
from retrace_resources.whole_file import write_whole

# What a server says of one connection and not of its answer.
_NOT_KEPT: Final = frozenset(
    ("connection", "content-encoding", "content-length", "date", "set-cookie", "transfer-encoding")
)


class _Kept(msgspec.Struct, frozen=True):
    """An answer of the app, its body in base64."""

    status: int
    headers: dict[str, str]
    body: str


class Traffic:
    """The handler of one run; `close` writes what a first hermetic run has recorded."""

    def __init__(self, spec: Spec, app_url: str, options: RunOptions, headers: Mapping[str, str], watch: Watch) -> None:
        """`headers` go to the app's own origin only."""
        self._app_url, self._options, self._headers, self._watch = app_url, options, headers, watch
        self._asserted = [each for each in spec.assertions if isinstance(each, RequestSucceeds)]
        self._kept = _read(options.hermetic) if options.hermetic else {}
        self._is_new = not self._kept
        self._served: dict[str, int] = {}

    def attach(self, context: BrowserContext) -> None:
        """Take over the requests of a context."""
        context.route("**/*", self._handle)

    def close(self) -> None:
        """Keep what the app answered, for the next runs."""
        if self._options.hermetic and self._is_new and self._kept:
            write_whole(self._options.hermetic, msgspec.json.encode(self._kept))

    def _handle(self, route: Route) -> None:
        try:
            self._answer(route)
        except PlaywrightError:
            # The page went away while it was asking.
            return

    def _answer(self, route: Route) -> None:
        request = route.request
        if not request.url.startswith(("http:", "https:")):
            route.continue_()
        elif not is_own(request.url, self._app_url, self._options.allow_hosts):
            self._watch.blocked.add(urlsplit(request.url).netloc)
            route.abort("blockedbyclient")
        elif self._options.hermetic and not self._is_asserted(request.method, request.url):
            self._from_file(route)
        else:
            route.continue_(headers=self._with_login(route))

    def _with_login(self, route: Route) -> dict[str, str]:
        same = urlsplit(route.request.url).netloc == urlsplit(self._app_url).netloc
        return {**route.request.headers, **(self._headers if same else {})}

    def _is_asserted(self, method: str, url: str) -> bool:
        return any(each.method == method and route_template(url) == each.path for each in self._asserted)

    def _from_file(self, route: Route) -> None:
        name = f"{route.request.method} {urlsplit(route.request.url)._replace(scheme='', netloc='').geturl()}"
        place = self._served[name] = self._served.get(name, -1) + 1
        answers = self._kept.setdefault(name, []) if self._is_new else self._kept.get(name, [])
        if not self._is_new and answers:
            kept = answers[min(place, len(answers) - 1)]
            route.fulfill(status=kept.status, headers=kept.headers, body=base64.b64decode(kept.body))
            return
        # What nobody asked for when it was recorded goes to the app: better than to fail for want of a file.
        response = route.fetch(headers=self._with_login(route), max_redirects=0)
        if self._is_new and response.status < 400:
            headers = {key: value for key, value in response.headers.items() if key not in _NOT_KEPT}
            answers.append(_Kept(response.status, headers, base64.b64encode(response.body()).decode()))
        route.fulfill(response=response)


def _read(path: Path) -> dict[str, list[_Kept]]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, list[_Kept]])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise RetraceError(ErrorCode.INVALID_SPEC, f"{path} holds no recorded answers: {error}") from error
