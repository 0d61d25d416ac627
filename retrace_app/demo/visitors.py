"""The demo shop's visitors: who they are, what they want, and which fault they meet.

Belongs here: the stories, one function each, and running them. Does not: how a person uses a mouse (`person.py`), the
faults themselves (`examples/shop/faults.py`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

from retrace_app.demo.person import Person
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.browser import ensure_browser, launch_async

_AT_ONCE = 9
_STEP_TIMEOUT_MS = 15_000
_VISIT_TIMEOUT_S = 180
_VIEWPORTS = ((1280, 800), (1440, 900), (1366, 768))
# The cookies of examples/shop/server.py: switches of one browser, and whom it is recorded as.
_FAULTS_COOKIE, _VISITOR_COOKIE = "shop_faults", "shop_visitor"
_NO_FAULTS = "none"

_HINT = "A slow machine? `retrace demo seed` shows the same visits without a browser."

Story = Callable[[Person], Awaitable[None]]


@dataclass(frozen=True)
class Visitor:
    """Somebody with a story; `fault` is the one that spoils it, empty for none."""

    name: str
    fault: str
    story: Story


@dataclass(frozen=True)
class Visit:
    """A visit that took place, as `visitor.name` (the recording's distinctId)."""

    visitor: str
    fault: str
    seconds: float


def run_visits(
    shop_url: str,
    faults: Collection[str],
    on_progress: Callable[[Visit], object] = lambda visit: None,
    *,
    at_once: int = _AT_ONCE,
) -> list[Visit]:
    """Let all clean visitors, and those who meet one of `faults`, visit the shop; about 20 s on two cores.

    Each has a browser context, and so a session, of their own; the fault is switched on for that context alone.
    At most `at_once` are in the shop at a time; `on_progress` is called, from another thread, as each visit ends.
    Raises BROWSER_NOT_FOUND, DEMO_VISIT_FAILED.
    """
    program = ensure_browser()
    invited = [visitor for visitor in VISITORS if visitor.fault in ("", *faults)]
    # In a thread of its own: the caller's may have an event loop already.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _visit_all(program, shop_url, invited, on_progress, at_once)).result()


async def _visit_all(
    program: Path, shop_url: str, invited: Sequence[Visitor], on_progress: Callable[[Visit], object], at_once: int
) -> list[Visit]:
    visits: list[Visit] = []
    places = asyncio.Semaphore(at_once)

    async def come(visitor: Visitor) -> None:
        async with places:
            visit = await _visit(browser, shop_url, visitor)
        visits.append(visit)
        on_progress(visit)

    async with launch_async(program) as browser:
        try:
            async with asyncio.TaskGroup() as group:
                for visitor in invited:
                    group.create_task(come(visitor))
        except* RetraceError as failures:
            raise failures.exceptions[0] from None
    return visits


async def _visit(browser: Browser, shop_url: str, visitor: Visitor) -> Visit:
    started = time.monotonic()
    try:
        async with asyncio.timeout(_VISIT_TIMEOUT_S):
            await _come_and_go(browser, shop_url, visitor)
    except (PlaywrightError, TimeoutError) as error:
        said = error.message if isinstance(error, PlaywrightError) else f"not over after {_VISIT_TIMEOUT_S} s"
        found = f"{visitor.name}, {visitor.fault or 'clean'}: {said.splitlines()[0]}"
        raise RetraceError(ErrorCode.DEMO_VISIT_FAILED, found, _HINT) from error
    return Visit(visitor.name, visitor.fault, time.monotonic() - started)


async def _come_and_go(browser: Browser, shop_url: str, visitor: Visitor) -> None:
    seed = int(visitor.name.rpartition("-")[2])
    width, height = _VIEWPORTS[seed % len(_VIEWPORTS)]
    context = await browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    context.set_default_timeout(_STEP_TIMEOUT_MS)
    cookies = {_FAULTS_COOKIE: visitor.fault or _NO_FAULTS, _VISITOR_COOKIE: visitor.name}
    await context.add_cookies([{"name": name, "value": cookies[name], "url": shop_url} for name in cookies])
    person = Person(await context.new_page(), shop_url, seed)
    await visitor.story(person)
    await person.leave()
    await context.close()


# --- steps that several stories share ------------------------------------------------------------------------------


async def _open_product(person: Person, name: str) -> None:
    await person.click(person.page.get_by_role("link", name=name).first)
    await person.page.get_by_role("heading", level=1, name=name).wait_for()
    await person.look()


async def _add_and_go_to_cart(person: Person) -> None:
    await person.click(person.page.get_by_test_id("add-to-cart"))
    await person.page.get_by_text("added to your cart").first.wait_for()
    await person.click(person.page.get_by_test_id("header-cart"))
    await person.page.get_by_role("heading", name="Your cart").wait_for()
    await person.look(0.3, 0.6)


async def _fill_checkout(person: Person) -> None:
    page = person.page
    await person.click(page.get_by_test_id("go-to-checkout"))
    known = {
        page.get_by_test_id("address-name"): "Kim Vale",
        page.get_by_label("E-mail"): "kim@vale.example",
        page.get_by_test_id("address-street"): "Quay 4",
        page.get_by_test_id("address-postcode"): "20457",
        page.get_by_label("City"): "Hamburg",
        page.get_by_label("Valid until"): "11/29",
    }
    await person.click(page.get_by_test_id("address-name"))
    await person.autofill(known)
    await person.type(page.get_by_test_id("card-number"), "4242 4242 4242")
    await person.type(page.get_by_test_id("card-code"), "123")


async def _log_in(person: Person, email: str) -> None:
    page = person.page
    await person.click(page.get_by_test_id("header-account"))
    await page.get_by_role("heading", name="Welcome aboard").wait_for()
    await person.autofill({page.get_by_label("E-mail"): email})
    await person.type(page.get_by_test_id("password"), "fair-winds")
    await person.click(page.get_by_role("main").get_by_role("button", name="Log in"))
    await page.get_by_role("heading", name="Ahoy").wait_for()
    await person.look(0.3, 0.6)


# --- throwing_handler ----------------------------------------------------------------------------------------------


def _wishes_for(path: str, name: str, again: int) -> Story:
    async def story(person: Person) -> None:
        await person.visit(path)
        await _open_product(person, name)
        wish = person.page.get_by_role("button", name="Add to wishlist")
        await person.click(wish)
        await person.look(1.2, 1.6)
        for _ in range(again):
            await person.click(wish)
            await person.look(0.9, 1.4)
        await person.click(person.page.get_by_role("link", name="Wishlist"))
        await person.look(1.0, 1.4)

    return story


# --- dead_button ---------------------------------------------------------------------------------------------------


def _has_a_code(path: str, code: str, clicks: int) -> Story:
    async def story(person: Person) -> None:
        await person.visit(path)
        await _add_and_go_to_cart(person)
        await person.type(person.page.get_by_label("Discount code"), code)
        apply = person.page.get_by_role("button", name="Apply code")
        await person.click(apply)
        await person.look(1.0, 1.4)
        await person.click_angrily(apply, clicks)
        await person.look(2.7, 3.0)

    return story


# --- checkout_500 --------------------------------------------------------------------------------------------------


def _cannot_pay(path: str, clicks: int, delivery: str = "") -> Story:
    async def story(person: Person) -> None:
        await person.visit(path)
        await _add_and_go_to_cart(person)
        await _fill_checkout(person)
        if delivery:
            await person.click(person.page.get_by_text(delivery, exact=True))
        pay = person.page.get_by_test_id("pay")
        await person.click(pay)
        await person.look(0.8, 1.2)
        await person.click_angrily(pay, clicks)
        await person.look(1.5, 2.0)

    return story


# --- orders_404 ----------------------------------------------------------------------------------------------------


def _looks_for_orders(email: str, again: bool) -> Story:
    async def story(person: Person) -> None:
        await person.visit()
        await _log_in(person, email)
        await person.click(person.page.get_by_test_id("account-orders"))
        await person.page.get_by_role("heading", name="Your orders").wait_for()
        await person.look(1.0, 1.6)
        if again:
            await person.reload()
            await person.look(1.0, 1.4)

    return story


# --- error_toast ---------------------------------------------------------------------------------------------------


def _changes_profile(email: str, field: str, text: str, tries: int) -> Story:
    async def story(person: Person) -> None:
        await person.visit("/cart")
        await _log_in(person, email)
        menu = person.page.get_by_role("navigation", name="Account")
        await person.click(menu.get_by_role("link", name="Profile"))
        await person.type(person.page.get_by_role("main").get_by_label(field), text)
        for _ in range(tries):
            await person.click(person.page.get_by_test_id("save-profile"))
            await person.look(1.6, 2.2)

    return story


# --- blank_route ---------------------------------------------------------------------------------------------------


def _wants_a_bundle(path: str, name: str, then: Story) -> Story:
    async def story(person: Person) -> None:
        await person.visit(path)
        await _open_product(person, name)
        await person.click(person.page.get_by_role("link", name="Better together"))
        await person.look(3.0, 3.6)
        await then(person)
        await person.look(0.8, 1.2)

    return story


async def _reloads(person: Person) -> None:
    await person.reload()
    await person.look(2.6, 3.0)


# --- visits that nothing spoils ------------------------------------------------------------------------------------


async def _browses(person: Person) -> None:
    page = person.page
    await person.visit()
    await person.scroll(700)
    await person.click(page.get_by_label("Navigation", exact=True))
    await page.get_by_role("heading", name="Navigation", level=2).wait_for()
    await person.look()
    await person.choose(page.get_by_test_id("sort"), "Price, low to high")
    await person.click(page.get_by_label("Up to €60"))
    await page.get_by_text("1 article", exact=True).wait_for()
    await _open_product(person, "Coastal Chart Folio")
    await person.click(page.get_by_role("link", name="Better together"))
    await page.get_by_role("heading", name="Better together").wait_for()
    await person.look()
    await person.back()


async def _buys(person: Person) -> None:
    page = person.page
    await person.visit()
    await person.type(page.get_by_label("Search the shop"), "wool")
    await person.press("Enter")
    await page.get_by_role("heading", name="Results for").wait_for()
    await _open_product(person, "Wool Watch Blanket")
    await _add_and_go_to_cart(person)
    await person.type(page.get_by_label("Discount code"), "TIDE10")
    await person.click(page.get_by_role("button", name="Apply code"))
    await page.get_by_text("Your code is applied").wait_for()
    await _fill_checkout(person)
    await person.click(page.get_by_test_id("pay"))
    await page.get_by_role("heading", name="Thank you").wait_for()
    await person.look()


async def _keeps_an_account(person: Person) -> None:
    page = person.page
    await person.visit("/?category=Deck")
    await _open_product(person, "Ship’s Bell")
    await person.click(page.get_by_role("button", name="Add to wishlist"))
    await page.get_by_role("button", name="On your wishlist").wait_for()
    await _log_in(person, "noor@harbour.example")
    await person.click(page.get_by_test_id("account-orders"))
    await page.get_by_text("TW-20417").wait_for()
    await person.look()
    await person.click(page.get_by_role("navigation", name="Account").get_by_role("link", name="Profile"))
    await person.type(page.get_by_label("Phone"), "040 555 01")
    await person.click(page.get_by_test_id("save-profile"))
    await page.get_by_text("Your profile is saved").wait_for()
    await person.click(page.get_by_role("link", name="Wishlist").first)
    await page.get_by_role("heading", name="Your wishlist").wait_for()
    await person.look()


async def _wants_a_dozen(person: Person) -> None:
    """Clicks one button fast and often, and is right to: a stepper."""
    page = person.page
    await person.visit("/products/1001")
    await person.click_angrily(page.get_by_role("button", name="One more Harbour Enamel Mug"), 5)
    await _add_and_go_to_cart(person)
    await person.click(page.get_by_role("button", name="One Harbour Enamel Mug less"))
    await person.look()
    await person.click(page.get_by_role("button", name="Remove Harbour Enamel Mug"))
    await page.get_by_role("heading", name="Your cart is empty").wait_for()
    await person.look()


def _named(casts: Sequence[tuple[str, Story]]) -> tuple[Visitor, ...]:
    return tuple(Visitor(f"visitor-{number:02}", fault, story) for number, (fault, story) in enumerate(casts, 1))


# The long visits come first: the short ones fill the gaps at the end.
VISITORS = _named(
    (
        ("checkout_500", _cannot_pay("/products/1051", clicks=5)),
        ("", _buys),
        ("checkout_500", _cannot_pay("/products/1034", clicks=4, delivery="Express")),
        ("", _keeps_an_account),
        ("error_toast", _changes_profile("ada@north.example", "Phone", "040 555 20", tries=2)),
        ("error_toast", _changes_profile("lin@south.example", "Full name", "Lin Ness", tries=1)),
        ("orders_404", _looks_for_orders("max@west.example", again=True)),
        ("orders_404", _looks_for_orders("eva@east.example", again=False)),
        ("blank_route", _wants_a_bundle("/?category=Deck", "Manila Rope Coil", _reloads)),
        ("blank_route", _wants_a_bundle("/?category=Cabin", "Deck Hammock", Person.back)),
        ("", _browses),
        ("throwing_handler", _wishes_for("/", "Storm Lantern", again=1)),
        ("throwing_handler", _wishes_for("/?category=Apparel", "Fisherman Sweater", again=2)),
        ("throwing_handler", _wishes_for("/?q=compass", "Hand Bearing Compass", again=0)),
        ("dead_button", _has_a_code("/products/1041", "TIDE10", clicks=5)),
        ("dead_button", _has_a_code("/products/1002", "HARBOUR15", clicks=4)),
        ("", _wants_a_dozen),
    )
)

FAULTS = tuple(dict.fromkeys(visitor.fault for visitor in VISITORS if visitor.fault))
