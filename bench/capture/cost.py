"""What recording costs a page: the same visit to the shop with the recorder and without it.

Somebody reads, scrolls, searches, puts things into the cart and takes them out, for five minutes in one page load. The
browser says how long its main thread worked; what it takes longer with the recorder is the recorder's. Long tasks are
counted from when the first picture of the page was taken.

    python -m bench.capture.cost [--minutes 5]
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Page, Request

from bench.capture.__main__ import running_snippet
from bench.capture.sites import serving_sites
from bench.figures import Figure, print_figures
from retrace_resources.browser import ensure_browser, launch_async

_ADDED_PERCENT: Final = 2.0
_SENT_KB_A_MINUTE: Final = 30.0
# The first picture is taken while the page loads.
_FIRST_PICTURE_MS: Final = 3_000
_WATCH_LONG_TASKS: Final = """
    window.longTasks = [];
    new PerformanceObserver((list) => {
        for (const task of list.getEntries()) longTasks.push([task.startTime, task.duration]);
    }).observe({ type: "longtask", buffered: true });
"""


@dataclass
class Cost:
    """A visit: seconds of it, seconds the main thread worked, long tasks in milliseconds, and what was posted."""

    seconds: float
    busy_seconds: float
    long_tasks_ms: list[float]
    sent_bytes: int


async def visit(home: str, door: str, minutes: float) -> Cost:
    """Visit the shop in one page load."""
    async with launch_async(ensure_browser()) as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await page.add_init_script(_WATCH_LONG_TASKS)
        posted: list[int] = []
        page.on("request", lambda request: posted.append(_size(request, door)))
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable")
        started = time.monotonic()
        await page.goto(home)
        for number in itertools.count():
            if time.monotonic() - started >= minutes * 60:
                break
            await _round(page, number)
        seconds = time.monotonic() - started
        measured = (await session.send("Performance.getMetrics"))["metrics"]
        busy = next(metric["value"] for metric in measured if metric["name"] == "TaskDuration")
        tasks = await page.evaluate("longTasks")
        late = [duration for start, duration in tasks if start > _FIRST_PICTURE_MS]
        await page.goto("about:blank")
        await asyncio.sleep(1)
        return Cost(seconds, busy, late, sum(posted))


async def _round(page: Page, number: int) -> None:
    """A quarter of a minute, always with the same acts and pauses."""
    began = time.monotonic()
    await page.mouse.move(200, 300)
    await page.mouse.move(900, 500, steps=25)
    await page.mouse.wheel(0, 900)
    await asyncio.sleep(1.5)
    await page.mouse.wheel(0, -900)
    await page.locator("main a[href^='/products/']").nth(number % 6).click()
    await asyncio.sleep(2)
    add = page.locator("[data-testid=add-to-cart]")
    if await add.is_enabled():
        await add.click()
    await page.mouse.move(300, 600, steps=25)
    await asyncio.sleep(2)
    await page.locator("input[name=q]").first.click()
    await page.keyboard.type(("rope", "wool", "lamp")[number % 3], delay=80)
    await page.keyboard.press("Enter")
    await asyncio.sleep(2)
    await page.locator("header a[href='/']").first.click()
    await asyncio.sleep(max(0.0, 15 - (time.monotonic() - began)))


def _size(request: Request, door: str) -> int:
    is_post = urlsplit(request.url).netloc == urlsplit(door).netloc and request.method == "POST"
    return len(request.post_data_buffer or b"") if is_post else 0


def figures(without: Cost, recorded: Cost) -> list[Figure]:
    """What the recorder added."""
    added = recorded.busy_seconds - without.busy_seconds
    long_tasks = max(0, len(recorded.long_tasks_ms) - len(without.long_tasks_ms))
    return [
        Figure("main thread without the recorder", 100 * without.busy_seconds / without.seconds, "% of time"),
        Figure("added by the recorder", 100 * added / recorded.seconds, "% of time", _ADDED_PERCENT),
        Figure("long tasks it added after the first picture", long_tasks, "", 0),
        Figure("longest task after the first picture", max(recorded.long_tasks_ms, default=0.0), "ms"),
        Figure("sent", recorded.sent_bytes / 1024 / (recorded.seconds / 60), "KB/min", _SENT_KB_A_MINUTE),
    ]


def main() -> int:
    """Visit twice; the exit code is 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    minutes = parser.parse_args().minutes
    with (
        tempfile.TemporaryDirectory(prefix="retrace-cost-") as folder,
        running_snippet(Path(folder)) as (door, snippet),
    ):
        costs = []
        for inserted in ("", snippet):
            with serving_sites(inserted, ["shop"]) as sites:
                costs.append(asyncio.run(visit(sites.addresses["shop"], door, minutes)))
                print(costs[-1], flush=True)
    return print_figures(figures(*costs))


if __name__ == "__main__":
    sys.exit(main())
