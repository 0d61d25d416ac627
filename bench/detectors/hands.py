"""Somebody at a mouse or a touch screen: moves unsteadily, reads, hesitates, types unevenly, gets angry.

Belongs here: how somebody does a thing on a page. Does not: what they want there (the visits), or what is true of it.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import FloatRect, Locator, Page

_STEP_PX: Final = 45.0
_STEP_S: Final = (0.012, 0.028)
_TREMBLE_PX: Final = 1.6
_KEY_S: Final = (0.04, 0.17)
_ANGRY_S: Final = (0.09, 0.17)
_DOUBLE_S: Final = (0.05, 0.1)
_GOODBYE_S: Final = 0.5
_FOUND_MS: Final = 8_000

_PLACE: Final = """(element) => {
    element.scrollIntoViewIfNeeded();
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
}"""
# Where the first word of a text is: people select words, not the middles of paragraphs.
_WORD: Final = """(element) => {
    element.scrollIntoViewIfNeeded();
    const range = document.createRange();
    const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
    range.setStart(text, 5);
    range.setEnd(text, 12);
    const { x, y, width, height } = range.getBoundingClientRect();
    return { x, y, width, height };
}"""


class Hands:
    """Somebody on one page; the same `seed` behaves the same. With `touch` there is no pointer, only taps."""

    def __init__(self, page: Page, home: str, seed: str, *, touch: bool) -> None:
        """`home` is the app's address."""
        self.page = page
        self.touch = touch
        self.random = random.Random(seed)
        self._home = home
        self._at = (self.random.uniform(150, 300), self.random.uniform(120, 400))

    async def visit(self, path: str) -> None:
        """Open a page of the app by its address, and look at it."""
        await self.page.goto(self._home + path, wait_until="domcontentloaded")
        await self.look(0.6, 1.0)

    async def look(self, least: float = 0.4, most: float = 0.9) -> None:
        """Do nothing for a while, as people do when they read."""
        await asyncio.sleep(self.random.uniform(least, most))

    async def click(self, target: Locator | str) -> None:
        """Move to something and press it once."""
        await self._move_to(await self._place(target))
        await asyncio.sleep(self.random.uniform(0.05, 0.16))
        await self._press()
        await asyncio.sleep(self.random.uniform(0.12, 0.25))

    async def click_often(self, target: Locator | str, times: int, every: tuple[float, float] = _ANGRY_S) -> None:
        """Press the same thing again and again."""
        await self._move_to(await self._place(target))
        for _ in range(times):
            await self._press()
            await asyncio.sleep(self.random.uniform(*every))
        await self.look(0.2, 0.4)

    async def click_each(self, targets: Sequence[Locator], every: tuple[float, float] = (0.06, 0.14)) -> None:
        """Press several things one after the other, fast."""
        for target in targets:
            await self._move_to(await self._place(target))
            await self._press()
            await asyncio.sleep(self.random.uniform(*every))

    async def select_text(self, target: Locator | str, clicks: int = 2) -> None:
        """Select a word with a double click, or a paragraph with a triple one."""
        await self._move_to(await self._place(target, _WORD))
        for count in range(1, clicks + 1):
            await self.page.mouse.down(click_count=count)
            await self.page.mouse.up(click_count=count)
            await asyncio.sleep(self.random.uniform(*_DOUBLE_S))
        await self.look()

    async def type(self, field: Locator | str, text: str) -> None:
        """Click into a field, replace what is in it, key by key, with a slip now and then."""
        await self.click(field)
        await self.page.keyboard.press("ControlOrMeta+a")
        for key in text:
            if self.random.random() < 0.04:
                await self.page.keyboard.type("e")
                await asyncio.sleep(self.random.uniform(*_KEY_S))
                await self.page.keyboard.press("Backspace")
            await self.page.keyboard.type(key)
            await asyncio.sleep(self.random.uniform(*_KEY_S))

    async def choose(self, field: Locator | str, label: str) -> None:
        """Pick an entry of a drop-down list."""
        found = self.find(field)
        await self.click(found)
        await found.select_option(label=label)
        await self.look(0.2, 0.4)

    async def attach(self, field: Locator | str, name: str) -> None:
        """Click a file input and choose a file."""
        async with self.page.expect_file_chooser() as chooser:
            await self.click(field)
        await (await chooser.value).set_files({"name": name, "mimeType": "text/plain", "buffer": b"a boat"})

    async def drag(self, target: Locator | str, by: Sequence[tuple[float, float]]) -> None:
        """Press something, move along a path relative to where it was pressed, let go."""
        await self._move_to(await self._place(target))
        start = self._at
        await self.page.mouse.down()
        for x, y in by:
            await self._line_to((start[0] + x, start[1] + y))
        await self.page.mouse.up()
        await self.look(0.2, 0.4)

    async def dot(self, target: Locator | str, times: int) -> None:
        """Press different places of a surface, fast, as when drawing."""
        place = await self._place(target)
        for _ in range(times):
            await self._line_to(self._inside(place, 0.1, 0.9))
            await self._press()
            await asyncio.sleep(self.random.uniform(0.05, 0.11))

    async def wander(self, moves: int = 3) -> None:
        """Move the pointer about while reading."""
        for _ in range(0 if self.touch else moves):
            await self._line_to((self.random.uniform(60, 320), self.random.uniform(120, 560)))
            await self.look(0.1, 0.4)

    async def shake(self, seconds: float = 2.5) -> None:
        """Shake the mouse from side to side in anger."""
        x, y = self._at
        end = asyncio.get_running_loop().time() + seconds
        side = 1
        while asyncio.get_running_loop().time() < end:
            side = -side
            for share in (0.3, 0.7, 1.0):
                await self.page.mouse.move(
                    x + side * self.random.uniform(120, 190) * share, y + self.random.uniform(-30, 30)
                )
                await asyncio.sleep(self.random.uniform(0.012, 0.022))

    async def scroll(self, distance: int) -> None:
        """Turn the wheel, in a few notches."""
        for _ in range(4):
            await self.page.mouse.wheel(0, distance / 4)
            await asyncio.sleep(self.random.uniform(0.08, 0.2))

    async def press(self, key: str) -> None:
        """Press one key."""
        await self.page.keyboard.press(key)
        await asyncio.sleep(self.random.uniform(0.2, 0.4))

    async def go_back(self) -> None:
        """Go back one page."""
        await self.page.go_back(wait_until="domcontentloaded")
        await self.look()

    async def leave(self) -> None:
        """Close the tab; the page's last posts are still on their way then."""
        await self.page.close(run_before_unload=True)
        await asyncio.sleep(_GOODBYE_S)

    def find(self, target: Locator | str) -> Locator:
        """What a selector means on this page."""
        return self.page.locator(target) if isinstance(target, str) else target

    async def _place(self, target: Locator | str, how: str = _PLACE) -> FloatRect:
        found = self.find(target).first
        await found.wait_for(timeout=_FOUND_MS)
        place: FloatRect = await found.evaluate(how)
        if place["width"] <= 0:
            raise PlaywrightError(f"{found} cannot be seen")
        return place

    def _inside(self, place: FloatRect, least: float, most: float) -> tuple[float, float]:
        x = place["x"] + place["width"] * self.random.uniform(least, most)
        return x, place["y"] + place["height"] * self.random.uniform(least, most)

    async def _move_to(self, place: FloatRect) -> None:
        await self._line_to(self._inside(place, 0.35, 0.65))

    async def _line_to(self, end: tuple[float, float]) -> None:
        """Along a bent line with a tremble, slower at both ends, once in a while past the end and back."""
        start, self._at = self._at, end
        if self.touch:
            return
        length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
        steps = max(2, min(16, round(length / _STEP_PX)))
        bend = (self.random.uniform(-0.12, 0.12) * length, self.random.uniform(-0.12, 0.12) * length)
        for step in range(1, steps + 1):
            share = step / steps
            eased, curve = share * share * (3 - 2 * share), 4 * share * (1 - share)
            tremble = 0.0 if step == steps else _TREMBLE_PX
            await self.page.mouse.move(
                start[0] + (end[0] - start[0]) * eased + bend[0] * curve + self.random.gauss(0, tremble),
                start[1] + (end[1] - start[1]) * eased + bend[1] * curve + self.random.gauss(0, tremble),
            )
            await asyncio.sleep(self.random.uniform(*_STEP_S))

    async def _press(self) -> None:
        if self.touch:
            await self.page.touchscreen.tap(*self._at)
            return
        await self.page.mouse.down()
        await asyncio.sleep(self.random.uniform(0.02, 0.05))
        await self.page.mouse.up()
