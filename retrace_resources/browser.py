"""A Chromium to drive: where one is, how one is installed, how it is started.

Belongs here: finding, installing and launching the browser; `python -m retrace_resources.browser` installs one where
there is none. Does not: what is done on a page.
"""

import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Literal

import psutil
from playwright.async_api import Browser as AsyncBrowser
from playwright.async_api import async_playwright
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from retrace_core.errors import ErrorCode, RetraceError

# Chromium without its windows: a test takes 0.6 of the time of one in the whole browser.
_SHELLS_ON_PATH = ("chromium-headless-shell", "chrome-headless-shell")
_BROWSERS_ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Where Playwright keeps its own builds, by platform, and the program inside one of them.
_PLAYWRIGHT_CACHES = {
    "Linux": ".cache/ms-playwright",
    "Darwin": "Library/Caches/ms-playwright",
    "Windows": "AppData/Local/ms-playwright",
}
_PLAYWRIGHT_SHELLS = (
    "chromium_headless_shell-*/*/chrome-headless-shell",
    "chromium_headless_shell-*/*/chrome-headless-shell.exe",
    "chromium_headless_shell-*/*/headless_shell",
)
_PLAYWRIGHT_BROWSERS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium-*/chrome-win*/chrome.exe",
)

# A browser that is driven has nobody to greet, update or report to. Features are left to Playwright: a second
# `--disable-features` would undo its own.
_QUIET_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
)

_INSTALL_TIMEOUT_S = 300

_HINT = "Install Chromium or Google Chrome, or name one: RETRACE_BROWSER=/path/to/chromium"


def find_browser(environment: Mapping[str, str] = os.environ, *, headless: bool = True) -> Path | None:
    """Name the Chromium to use: RETRACE_BROWSER, else Playwright's own, else the first one on PATH.

    One without windows comes before a whole browser, where none are to be seen (`headless`). Raises BROWSER_NOT_FOUND
    when RETRACE_BROWSER names something that cannot be run: a wish is not overruled.
    """
    wished = environment.get("RETRACE_BROWSER")
    if wished:
        return _wished_browser(wished, environment)
    shell = _playwrights_own(_PLAYWRIGHT_SHELLS, environment) or _on_path(_SHELLS_ON_PATH, environment)
    if headless and shell:
        return shell
    return _playwrights_own(_PLAYWRIGHT_BROWSERS, environment) or _on_path(_BROWSERS_ON_PATH, environment)


def ensure_browser(report: Callable[[str], object] = lambda line: None, *, headless: bool = True) -> Path:
    """Find a Chromium or install one; `report` gets a line before each step that takes long.

    Tries Playwright's download, then Debian's package where this process may install one. Raises BROWSER_NOT_FOUND.
    """
    if found := find_browser(headless=headless):
        return found
    for label, commands in _installations(headless=headless):
        report(f"No Chromium found; trying {label}")
        if all(_succeeds(command) for command in commands) and (found := find_browser(headless=headless)):
            return found
    raise RetraceError(ErrorCode.BROWSER_NOT_FOUND, hint=_HINT)


@contextmanager
def launch(program: Path | None = None, *, headless: bool = True) -> Iterator[Browser]:
    """Run a Chromium for the length of the block; it dies with the block.

    `program` defaults to what `ensure_browser` finds. Raises BROWSER_NOT_FOUND when it does not start.
    """
    path = program or ensure_browser(headless=headless)
    with sync_playwright() as playwright:
        with _refusing(path):
            browser = playwright.chromium.launch(executable_path=path, headless=headless, args=_arguments())
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def launch_other(kind: Literal["firefox", "webkit"], *, headless: bool = True) -> Iterator[Browser]:
    """Run Playwright's own Firefox or WebKit for the length of the block; raises BROWSER_NOT_FOUND without one."""
    with sync_playwright() as playwright:
        own = playwright.firefox if kind == "firefox" else playwright.webkit
        try:
            browser = own.launch(headless=headless)
        except PlaywrightError as error:
            line = error.message.partition("\n")[0]
            hint = f"{sys.executable} -m playwright install {kind}"
            raise RetraceError(ErrorCode.BROWSER_NOT_FOUND, f"{kind} did not start: {line}", hint) from error
        try:
            yield browser
        finally:
            browser.close()


@asynccontextmanager
async def launch_async(program: Path, *, headless: bool = True) -> AsyncIterator[AsyncBrowser]:
    """Do what `launch` does, for many pages at the same time."""
    async with async_playwright() as playwright:
        with _refusing(program):
            browser = await playwright.chromium.launch(executable_path=program, headless=headless, args=_arguments())
        try:
            yield browser
        finally:
            await browser.close()


@contextmanager
def killed_after(seconds: float, browser: Browser) -> Iterator[None]:
    """Kill a browser that the block has not done with by then: whatever waits for it raises PlaywrightError.

    A browser that stands still answers nothing, and closing a context, say, takes no timeout. Only Chromium tells
    which process it is; the others are waited for.
    """
    if browser.browser_type.name != "chromium":
        yield
        return
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    process = psutil.Process(next(each["id"] for each in processes if each["type"] == "browser"))
    timer = threading.Timer(seconds, _kill, [process])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        if not process.is_running():
            return
        # Playwright makes a group of it: a script around the browser holds the same pipes.
        if hasattr(os, "killpg"):
            os.killpg(os.getpgid(process.pid), signal.SIGKILL)
        else:
            process.kill()


@contextmanager
def _refusing(program: Path) -> Iterator[None]:
    try:
        yield
    except PlaywrightError as error:
        first_line = error.message.partition("\n")[0]
        raise RetraceError(ErrorCode.BROWSER_NOT_FOUND, f"{program} did not start: {first_line}", _HINT) from error


def _arguments() -> list[str]:
    # Chromium refuses to build its sandbox for root; for everybody else it stays on.
    return [*_QUIET_ARGUMENTS, *(["--no-sandbox"] if _is_root() else [])]


def _wished_browser(wished: str, environment: Mapping[str, str]) -> Path:
    found = shutil.which(wished, path=environment.get("PATH"))
    if found is None:
        raise RetraceError(ErrorCode.BROWSER_NOT_FOUND, f"RETRACE_BROWSER={wished} cannot be run.", _HINT)
    return Path(found)


def _playwrights_own(programs: Sequence[str], environment: Mapping[str, str]) -> Path | None:
    cache = environment.get("PLAYWRIGHT_BROWSERS_PATH") or _default_playwright_cache(environment)
    builds = [path for program in programs for path in Path(cache).glob(program) if path.is_file()]
    return max(builds, key=lambda path: _revision(path, Path(cache)), default=None)


def _default_playwright_cache(environment: Mapping[str, str]) -> Path:
    home = Path(environment.get("HOME") or Path.home())
    return home / _PLAYWRIGHT_CACHES.get(platform.system(), _PLAYWRIGHT_CACHES["Linux"])


def _revision(program: Path, cache: Path) -> int:
    revision = program.relative_to(cache).parts[0].rpartition("-")[2]
    return int(revision) if revision.isdigit() else 0


def _on_path(names: Sequence[str], environment: Mapping[str, str]) -> Path | None:
    found = (shutil.which(name, path=environment.get("PATH")) for name in names)
    return next((Path(path) for path in found if path), None)


def _installations(*, headless: bool) -> list[tuple[str, list[list[str]]]]:
    download = ("Playwright's download", [[sys.executable, "-m", "playwright", "install", "chromium"]])
    packages = ["chromium-headless-shell", "chromium"] if headless else ["chromium"]
    of_the_system = [
        (f"the system's {package}", [["apt-get", "update"], ["apt-get", "install", "-y", package]])
        for package in packages
    ]
    return [download, *(of_the_system if _is_root() and shutil.which("apt-get") else [])]


def _succeeds(command: list[str]) -> bool:
    try:
        finished = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_INSTALL_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return finished.returncode == 0


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _main() -> None:
    try:
        path = ensure_browser(lambda line: sys.stderr.write(f"{line}\n"))
    except RetraceError as refusal:
        sys.exit(f"error: {refusal.detail or refusal.code.sentence}\nhint: {refusal.hint}")
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    _main()
