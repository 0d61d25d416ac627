"""A person at a browser: moves the mouse in curves, reads, hesitates, types unevenly, gets angry.

Belongs here: how somebody does a thing on a page. Does not: what they want there (`visitors.py`).
"""

import asyncio
import random
from collections.abc import Mapping

from playwright.async_api import FloatRect, Locator, Page

_ANGRY_CLICK_S = (0.06, 0.12)
_KEY_S = (0.02, 0.06)
_STEPS = 3  # points of a mouse movement; the recorder samples every 50 ms anyway

# A page that draws itself anew all the time never holds the still picture that Playwright waits for, and may have
# thrown away what one message found before the next measures it. An event is found and told within one message.
_LOOK = "retrace-demo:look"
_NOTE_PLACE = f"""() => addEventListener("{_LOOK}", ({{ target }}) => {{
    target.scrollIntoViewIfNeeded();
    const {{ x, y, width, height }} = target.getBoundingClientRect();
    window.retraceDemoPlace = {{ x, y, width, height }};
}}, {{ capture: true, once: true }})"""
_PLACE = "() => window.retraceDemoPlace"

# After leaving, the page's last posts are still on their way.
_GOODBYE_S = 0.4


class Person:
    """Somebody with a mouse and a keyboard on one page; the same `seed` behaves the same."""

    def __init__(self, page: Page, home: str, seed: int) -> None:
        """`home` is the shop's address."""
        self.page = page
        self._home = home
        self._random = random.Random(seed)  # noqa: S311 - for hesitation, not for secrets
        self._at = (self._random.uniform(200, 900), self._random.uniform(150, 500))

    async def visit(self, path: str = "/") -> None:
        """Open a page of the shop by its address."""
        await self.page.goto(self._home + path, wait_until="domcontentloaded")
        await self.look(0.5, 0.9)

    async def look(self, least: float = 0.4, most: float = 1.0) -> None:
        """Do nothing for a while, as people do when they read."""
        await asyncio.sleep(self._random.uniform(least, most))

    async def scroll(self, distance: int) -> None:
        """Turn the wheel, in a few notches."""
        for _ in range(3):
            await self.page.mouse.wheel(0, distance / 3)
            await asyncio.sleep(self._random.uniform(0.08, 0.2))

    async def click(self, target: Locator) -> None:
        """Move to the middle of something, more or less, and click it."""
        await self._move_to(target)
        await asyncio.sleep(self._random.uniform(0.04, 0.12))
        await self._press()
        await asyncio.sleep(self._random.uniform(0.1, 0.2))

    async def click_angrily(self, target: Locator, times: int) -> None:
        """Click the same spot again and again, fast."""
        await self._move_to(target)
        for _ in range(times):
            await self._press()
            await asyncio.sleep(self._random.uniform(*_ANGRY_CLICK_S))
        await asyncio.sleep(self._random.uniform(0.2, 0.4))

    async def type(self, field: Locator, text: str) -> None:
        """Click into a field, replace what is in it, key by key."""
        await self.click(field)
        await self.page.keyboard.press("ControlOrMeta+a")
        for key in text:
            await self.page.keyboard.type(key)
            await asyncio.sleep(self._random.uniform(*_KEY_S))

    async def autofill(self, values: Mapping[Locator, str]) -> None:
        """Let the browser fill in what it knows, as people do with their address."""
        for field, text in values.items():
            await field.fill(text)
        await self.look(0.3, 0.6)

    async def choose(self, field: Locator, label: str) -> None:
        """Pick an entry of a drop-down list."""
        await self._move_to(field)
        await field.select_option(label=label)
        await self.look(0.3, 0.5)

    async def press(self, key: str) -> None:
        """Press one key."""
        await self.page.keyboard.press(key)
        await asyncio.sleep(self._random.uniform(0.2, 0.4))

    async def reload(self) -> None:
        """Load the page again."""
        await self.page.reload(wait_until="domcontentloaded")
        await self.look(0.4, 0.7)

    async def back(self) -> None:
        """Go back one page."""
        await self.page.go_back(wait_until="domcontentloaded")
        await self.look(0.4, 0.7)

    async def leave(self) -> None:
        """Close the tab."""
        await self.page.close(run_before_unload=True)
        await asyncio.sleep(_GOODBYE_S)

    async def _press(self) -> None:
        await self.page.mouse.down()
        await self.page.mouse.up()

    async def _move_to(self, target: Locator) -> None:
        box = await _place_of(target)
        end = (
            box["x"] + box["width"] * self._random.uniform(0.35, 0.65),
            box["y"] + box["height"] * self._random.uniform(0.35, 0.65),
        )
        bend = (self._random.uniform(-60, 60), self._random.uniform(-60, 60))
        start, self._at = self._at, end
        for step in range(1, _STEPS + 1):
            share = step / _STEPS
            curve = 4 * share * (1 - share)
            x = start[0] + (end[0] - start[0]) * share + bend[0] * curve
            y = start[1] + (end[1] - start[1]) * share + bend[1] * curve
            await self.page.mouse.move(x, y)
            await asyncio.sleep(self._random.uniform(0.015, 0.035))


async def _place_of(target: Locator) -> FloatRect:
    place: FloatRect | None = None
    while place is None:  # a page that was left meanwhile has told nothing
        await target.wait_for()
        await target.page.evaluate(_NOTE_PLACE)
        await target.dispatch_event(_LOOK)
        place = await target.page.evaluate(_PLACE)
    return place
