"""Finding and starting a Chromium: order of preference, refusals, and one real launch."""

import signal
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Error as PlaywrightError

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.browser import ensure_browser, find_browser, killed_after, launch


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return path


def test_find_browser_prefers_the_wish_then_playwrights_own_then_path(tmp_path: Path) -> None:
    wished = _program(tmp_path / "wish" / "my-chrome")
    own = _program(tmp_path / "cache" / "chromium-1200" / "chrome-linux" / "chrome")
    on_path = _program(tmp_path / "bin" / "chromium-browser")
    path_only = {"PATH": str(on_path.parent), "HOME": str(tmp_path)}
    with_own = path_only | {"PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "cache")}

    assert find_browser(path_only) == on_path
    assert find_browser(with_own) == own
    assert find_browser(with_own | {"RETRACE_BROWSER": str(wished)}) == wished


def test_find_browser_takes_the_newest_of_playwrights_own(tmp_path: Path) -> None:
    for revision in ("999", "1200", "1187"):
        _program(tmp_path / f"chromium-{revision}" / "chrome-linux64" / "chrome")

    found = find_browser({"PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "PATH": ""})

    assert found == tmp_path / "chromium-1200" / "chrome-linux64" / "chrome"


def test_find_browser_prefers_one_without_windows_unless_they_are_to_be_seen(tmp_path: Path) -> None:
    whole = _program(tmp_path / "bin" / "chromium")
    shell = _program(tmp_path / "bin" / "chromium-headless-shell")
    on_path = {"PATH": str(whole.parent), "HOME": str(tmp_path)}
    build = tmp_path / "cache" / "chromium_headless_shell-1200" / "chrome-headless-shell-linux64"
    own = _program(build / "chrome-headless-shell")
    with_own = on_path | {"PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "cache")}

    assert find_browser(on_path) == shell
    assert find_browser(on_path, headless=False) == whole
    assert find_browser(with_own) == own
    assert find_browser(with_own, headless=False) == whole


def test_find_browser_finds_none_when_there_is_none(tmp_path: Path) -> None:
    assert find_browser({"PATH": str(tmp_path), "HOME": str(tmp_path)}) is None


def test_find_browser_refuses_when_the_wish_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(RetraceError) as refusal:
        find_browser({"RETRACE_BROWSER": str(tmp_path / "missing"), "PATH": ""})

    assert refusal.value.code is ErrorCode.BROWSER_NOT_FOUND
    assert "RETRACE_BROWSER" in refusal.value.hint


@pytest.mark.slow
def test_launch_refuses_when_the_program_is_no_browser(tmp_path: Path) -> None:
    with pytest.raises(RetraceError) as refusal, launch(_program(tmp_path / "chromium")):
        pytest.fail("the block must not run")

    assert refusal.value.code is ErrorCode.BROWSER_NOT_FOUND
    assert "\n" not in refusal.value.detail


@pytest.mark.slow
def test_launch_runs_a_page() -> None:
    with launch(ensure_browser()) as browser:
        page = browser.new_page()
        page.set_content("<h1>Hello</h1>")
        assert page.inner_text("h1") == "Hello"


@pytest.mark.slow
def test_browser_that_stands_still_is_killed_after_its_time() -> None:
    before = set(psutil.Process().children(recursive=True))
    with launch(ensure_browser()) as browser:
        page = browser.new_page()
        with killed_after(1, browser):
            for process in set(psutil.Process().children(recursive=True)) - before:
                if "chrom" in process.name():
                    process.send_signal(signal.SIGSTOP)
            with pytest.raises(PlaywrightError, match="closed"):
                page.evaluate("1 + 1")

        assert not browser.is_connected()


@pytest.mark.slow
def test_browser_that_is_done_in_time_lives_on() -> None:
    with launch(ensure_browser()) as browser:
        with killed_after(2, browser):
            page = browser.new_page()
        page.wait_for_timeout(2_500)

        assert browser.is_connected()
