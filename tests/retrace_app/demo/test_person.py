"""A person at a real browser: clicks land on pages that do not hold still, and anger is fast."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import pytest
from playwright.async_api import Page

from retrace_app.demo.person import Person
from retrace_resources.browser import ensure_browser, launch_async

pytestmark = pytest.mark.slow

Result = TypeVar("Result")


def _with_page(act: Callable[[Page], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with launch_async(ensure_browser()) as browser:
            return await act(await browser.new_page())

    # Other tests' browsers hold this thread's event loop.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, run()).result()


def test_person_clicks_what_is_drawn_anew_all_the_time() -> None:
    async def act(page: Page) -> int:
        await page.set_content("<main></main>")
        await page.evaluate("""() => {
            window.clicks = 0;
            const draw = () => {
                const button = document.createElement("button");
                button.textContent = "Go";
                button.onmousedown = () => { window.clicks += 1; };
                document.querySelector("main").replaceChildren(button);
            };
            draw();
            setInterval(draw, 15);
        }""")
        person = Person(page, "", seed=1)
        for _ in range(3):
            await person.click(page.get_by_role("button", name="Go"))
        return int(await page.evaluate("window.clicks"))

    assert _with_page(act) == 3


def test_angry_clicks_come_within_a_second() -> None:
    async def act(page: Page) -> list[float]:
        await page.set_content("<button>Pay</button>")
        await page.evaluate("() => { window.at = []; document.onclick = () => window.at.push(performance.now()); }")
        await Person(page, "", seed=1).click_angrily(page.get_by_role("button"), 4)
        return list(await page.evaluate("window.at"))

    times = _with_page(act)
    assert len(times) == 4
    assert all(50 < later - earlier < 1_000 for earlier, later in pairwise(times))
