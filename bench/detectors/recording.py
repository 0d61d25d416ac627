"""Recording our own set: every visit in a real Chromium, with our recorder or with rrweb alone.

The recordings lie in a folder that git ignores, each with a hash of all that shapes it: the pages, its script, the
recorder. When that changes it is recorded anew; a run that was interrupted goes on where it stopped.

Belongs here: serving the apps, driving the browser, writing what the recorders sent. Does not: who visits (`visits`).
"""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, BrowserContext
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from bench.detectors.hands import Hands
from bench.detectors.recordings import Json, one_post
from bench.detectors.visits.case import Case, Recorder
from bench.playground.server import FAULTS_COOKIE, create_playground
from retrace_app.demo.capture import Capture, capturing
from retrace_app.demo.serving import serving
from retrace_app.demo.shop_server import recorder_file, running_shop, shop_folder
from retrace_resources.browser import ensure_browser, launch_async

FOLDER: Final = Path(__file__).parent.parent / ".recordings"

_BENCH: Final = Path(__file__).parent.parent
_RRWEB: Final = _BENCH.parent / "sdk/browser/node_modules/@rrweb/record/dist/record.umd.min.cjs"
_PLAIN: Final = Path(__file__).parent / "static/plain.js"
_SHAPED_BY: Final = (*(_BENCH / "playground", _BENCH / "detectors/hands.py", _BENCH / "detectors/static"),)
_KEY: Final = "rtpk_bench"
_VISITOR_COOKIE: Final = "playground_visitor"
# The shop's own names of the same.
_SHOP_COOKIES: Final = ("shop_faults", "shop_visitor")
# Most of a visit is waiting: a few at once do not slow each other's clicks.
_AT_ONCE: Final = 5
_TRIES: Final = 2
_STEP_TIMEOUT_MS: Final = 10_000
_RELEASE: Final = "fieldnote@3.2.0"
_JUDGED: Final = (
    *("console_error", "network_4xx", "network_5xx", "rage_click", "dead_click", "error_toast", "blank_render"),
    *("session_abandon_on_error", "error_click", "thrashed_cursor", "failed_chunk", "slow_request"),
)


@dataclass(frozen=True)
class _Places:
    """Where the apps are: by name, with our recorder in them and without."""

    recorded: dict[str, str]
    bare: dict[str, str]
    capture: Capture


def ensure_recorded(cases: Sequence[Case], *, fresh: bool = False, folder: Path = FOLDER) -> None:
    """Record the visits that are missing or whose script, pages or recorder have changed; all if `fresh`.

    What is true of them is written down anew each time. Raises BROWSER_NOT_FOUND, RECORDER_NOT_BUILT, and RuntimeError
    naming visits that could not be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    shared = _shared_hash()
    hashes = {case.id: hashlib.sha256(f"{shared}\n{case.script}".encode()).hexdigest() for case in cases}
    stale = [case for case in cases if fresh or _recorded_from(folder, case.id) != hashes[case.id]]
    if stale:
        program = ensure_browser()
        # In a thread of its own: the caller's may have an event loop already.
        with ThreadPoolExecutor(1) as pool:
            failed = pool.submit(asyncio.run, _record(program, stale, folder, hashes)).result()
        if failed:
            raise RuntimeError(f"{len(failed)} visits could not be made:\n" + "\n".join(failed))
    for case in cases:
        _label(folder, case)
    for path in folder.glob("*.*.*"):
        if path.name.partition(".")[0] not in hashes:
            path.unlink()


def _shared_hash() -> str:
    files = [recorder_file(), _RRWEB]
    for shaped_by in (*_SHAPED_BY, shop_folder()):
        files += sorted(shaped_by.rglob("*.*")) if shaped_by.is_dir() else [shaped_by]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file() and file.suffix != ".pyc":
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _recorded_from(folder: Path, case_id: str) -> str:
    path = folder / f"{case_id}.made.txt"
    return path.read_text() if path.is_file() else ""


async def _record(program: Path, cases: Sequence[Case], folder: Path, hashes: Mapping[str, str]) -> list[str]:
    failed: list[str] = []
    done = 0
    free = asyncio.Semaphore(_AT_ONCE)

    async def make(browser: Browser, case: Case) -> None:
        nonlocal done
        async with free:
            problem = await _tried(browser, places, case, folder)
        done += 1
        if problem:
            failed.append(problem)
        else:
            (folder / f"{case.id}.made.txt").write_text(hashes[case.id])
        print(f"\rrecording {done}/{len(cases)}  {case.id:<60}", end="", flush=True)

    with ExitStack() as stack:
        places = _serve(stack)
        async with launch_async(program) as browser, asyncio.TaskGroup() as group:
            for case in cases:
                group.create_task(make(browser, case))
    print()
    return failed


def _serve(stack: ExitStack) -> _Places:
    capture = stack.enter_context(capturing())

    def tag(request: Request) -> str:
        options = {
            "apiKey": _KEY,
            "ingestUrl": capture.url,
            "release": _RELEASE,
            "distinctId": request.cookies.get(_VISITOR_COOKIE, ""),
        }
        return f'<script type="module">import {{ init }} from "/retrace.js"; init({json.dumps(options)});</script>'

    async def recorder(request: Request) -> Response:
        return FileResponse(recorder_file(), media_type="text/javascript")

    with_recorder = create_playground(tag)
    with_recorder.router.routes.insert(0, Route("/retrace.js", recorder))
    return _Places(
        recorded={
            "playground": stack.enter_context(serving(with_recorder)),
            "shop": stack.enter_context(running_shop(door_url=capture.url, sdk_key=_KEY)),
        },
        bare={
            "playground": stack.enter_context(serving(create_playground())),
            "shop": stack.enter_context(running_shop()),
        },
        capture=capture,
    )


async def _tried(browser: Browser, places: _Places, case: Case, folder: Path) -> str:
    problem = ""
    for attempt in range(_TRIES):
        try:
            visitor = f"{case.id}#{attempt}"
            posts = await _visit(browser, places, case, visitor)
        except (PlaywrightError, PlaywrightTimeout) as error:
            problem = f"{case.id}: {error.message.splitlines()[0]}"
            continue
        if posts:
            (folder / f"{case.id}.posts.json").write_text(json.dumps(posts, ensure_ascii=False))
            return ""
        problem = f"{case.id}: nothing was recorded"
    return problem


async def _visit(browser: Browser, places: _Places, case: Case, visitor: str) -> list[Json]:
    ours = case.recorder is Recorder.RETRACE
    home = (places.recorded if ours else places.bare)[case.app]
    width, height = case.viewport
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        has_touch=case.touch,
        is_mobile=case.touch,
        permissions=["clipboard-write"],
    )
    context.set_default_timeout(_STEP_TIMEOUT_MS)
    try:
        await context.add_cookies(
            [{"name": name, "value": value, "url": home} for name, value in _cookies(case, visitor)]
        )
        events: list[Json | str] = []
        if not ours:
            await _record_plainly(context, events, keeps_console=case.recorder is Recorder.CONSOLE)
        hands = Hands(await context.new_page(), home, case.id, touch=case.touch)
        for act in case.acts:
            await act(hands)
        await hands.leave()
    finally:
        await context.close()
    if ours:
        return _posts_of(places.capture, visitor)
    return [one_post(case.id, events)] if events else []


def _cookies(case: Case, visitor: str) -> Iterable[tuple[str, str]]:
    # A comma would end a cookie's value.
    faults = ".".join(case.faults)
    if case.app == "shop":
        return zip(_SHOP_COOKIES, (faults or "none", visitor), strict=True)
    return (FAULTS_COOKIE, faults), (_VISITOR_COOKIE, visitor)


async def _record_plainly(context: BrowserContext, events: list[Json | str], *, keeps_console: bool) -> None:
    await context.expose_function("keepEvent", lambda text: events.append(json.loads(text)))
    await context.add_init_script(f"window.keepsConsole = {json.dumps(keeps_console)};")
    await context.add_init_script(_RRWEB.read_text(encoding="utf-8"))
    await context.add_init_script(_PLAIN.read_text(encoding="utf-8"))


def _posts_of(capture: Capture, visitor: str) -> list[Json]:
    # A page that is left while a post is on its way sends it again, to be sure.
    posts = {
        (post["sessionId"], post["windowId"], post["sequence"]): post
        for post in capture.batches
        if post.get("distinctId") == visitor
    }
    return list(posts.values())


def _label(folder: Path, case: Case) -> None:
    label = {
        "id": case.id,
        "variant": case.recorder.value,
        "about": case.about,
        "faults": case.faults,
        "required_detectors": sorted(case.required),
        "allowed_detectors": sorted(case.required | case.allowed),
        "judged_detectors": _JUDGED,
    }
    (folder / f"{case.id}.truth.json").write_text(json.dumps(label, ensure_ascii=False, indent=1))
