"""The shop in a real Chromium: each fault shows its symptom, and with all faults off there is nothing to see."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect

from examples.shop import Fault
from retrace_app.demo.shop_server import running_shop
from tests.browsers import fresh_context

pytestmark = pytest.mark.slow


@dataclass
class Watched:
    """A page of the shop, and everything that went wrong on it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note errors and requests from now on."""
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on(
            "response",
            lambda answer: self.failed.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
        )

    def wait_for_error(self) -> None:
        """Wait until something has gone wrong; the page tells of it a moment after it shows."""
        for _ in range(100):
            if self.errors:
                return
            self.page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def shop_url() -> Iterator[str]:
    with running_shop() as address:
        yield address


@pytest.fixture
def watched(browser: Browser, shop_url: str, request: pytest.FixtureRequest) -> Iterator[Watched]:
    fault: str = getattr(request, "param", "none")
    with fresh_context(browser, base_url=shop_url, reduced_motion="reduce") as context:
        context.add_cookies([{"name": "shop_faults", "value": fault, "url": shop_url}])
        context.set_default_timeout(15_000)
        seen = Watched(context.new_page())
        seen.watch()
        yield seen


def only(fault: Fault) -> pytest.MarkDecorator:
    """Switch this fault on for the test's browser, and no other."""
    return pytest.mark.parametrize("watched", [fault.value], indirect=True)


def _log_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill("robin@tidewater.example")
    page.get_by_label("Password").fill("fair-winds")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Ahoy, Robin")).to_be_visible()


def _fill_checkout(page: Page) -> None:
    for label, text in {
        "Full name": "Kim Vale",
        "E-mail": "kim@vale.example",
        "Street and number": "Quay 4",
        "Postcode": "20457",
        "City": "Hamburg",
        "Card number": "4242",
        "Valid until": "11/29",
        "Security code": "123",
    }.items():
        page.get_by_label(label).fill(text)


def test_clean_shop_lets_a_visitor_do_everything_without_an_error(watched: Watched) -> None:
    page = watched.page
    page.goto("/")
    page.get_by_label("Navigation", exact=True).check()
    page.get_by_test_id("sort").select_option("price")
    expect(page.get_by_role("article")).to_have_count(4)
    page.get_by_role("searchbox").fill("brass")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Brass Barometer").first.click()
    page.get_by_role("button", name="Add to wishlist").click()
    expect(page.get_by_role("button", name="On your wishlist")).to_be_visible()
    page.get_by_role("link", name="Better together").click()
    page.get_by_role("button", name="Add Brass Barometer and").click()
    expect(page.get_by_text("added to your cart")).to_be_visible()
    page.get_by_test_id("header-cart").click()
    page.get_by_label("Discount code").fill("TIDE10")
    page.get_by_role("button", name="Apply code").click()
    expect(page.get_by_text("Code TIDE10")).to_be_visible()
    page.get_by_test_id("go-to-checkout").click()
    _fill_checkout(page)
    page.get_by_label("Express").check()
    page.get_by_test_id("pay").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    _log_in(page)
    page.get_by_test_id("account-orders").click()
    expect(page.get_by_text("TW-20419")).to_be_visible()
    page.get_by_role("navigation", name="Account").get_by_role("link", name="Profile").click()
    page.get_by_test_id("save-profile").click()
    expect(page.get_by_text("Your profile is saved")).to_be_visible()
    page.get_by_role("link", name="Wishlist").first.click()
    expect(page.get_by_role("heading", name="Brass Barometer")).to_be_visible()

    assert (watched.errors, watched.failed) == ([], [])


def test_shop_asks_nothing_of_any_other_host(watched: Watched, shop_url: str) -> None:
    watched.page.goto("/", wait_until="networkidle")

    assert watched.requests
    assert all(url.startswith(shop_url) for url in watched.requests)


@only(Fault.THROWING_HANDLER)
def test_throwing_handler_breaks_the_wishlist_button(watched: Watched) -> None:
    watched.page.goto("/products/1023")
    watched.page.get_by_role("button", name="Add to wishlist").click()
    watched.page.wait_for_timeout(200)

    watched.wait_for_error()
    assert watched.errors == ["Cannot read properties of undefined (reading 'push')"]
    expect(watched.page.get_by_role("button", name="Add to wishlist")).to_be_visible()


@only(Fault.DEAD_BUTTON)
def test_dead_button_changes_nothing_and_asks_nothing(watched: Watched) -> None:
    page = watched.page
    page.goto("/products/1001")
    page.get_by_test_id("add-to-cart").click()
    page.get_by_test_id("header-cart").click()
    page.get_by_label("Discount code").fill("TIDE10")
    page.wait_for_load_state("networkidle")
    before, asked = page.locator("#app").inner_html(), len(watched.requests)
    page.get_by_role("button", name="Apply code").click()
    page.wait_for_timeout(300)

    assert page.locator("#app").inner_html() == before
    assert len(watched.requests) == asked
    assert watched.errors == []


@only(Fault.CHECKOUT_500)
def test_checkout_500_leaves_the_visitor_without_a_word(watched: Watched) -> None:
    page = watched.page
    page.goto("/products/1001")
    page.get_by_test_id("add-to-cart").click()
    page.get_by_test_id("header-cart").click()
    page.get_by_test_id("go-to-checkout").click()
    _fill_checkout(page)
    with page.expect_response("**/api/orders") as answer:
        page.get_by_test_id("pay").click()

    assert answer.value.status == 500
    expect(page.get_by_test_id("pay")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(".form-note, .toast-error").locator("visible=true")).to_have_count(0)


@only(Fault.ORDERS_404)
def test_orders_404_claims_there_are_no_orders(watched: Watched) -> None:
    _log_in(watched.page)
    watched.page.get_by_test_id("account-orders").click()

    expect(watched.page.get_by_text("You have not ordered anything yet")).to_be_visible()
    assert [line.split(" ")[0] for line in watched.failed] == ["404"]


@only(Fault.ERROR_TOAST)
def test_error_toast_says_the_profile_was_not_saved(watched: Watched) -> None:
    _log_in(watched.page)
    watched.page.goto("/account/profile")
    watched.page.get_by_test_id("save-profile").click()

    expect(watched.page.get_by_role("alert")).to_have_text("Could not save your profile")
    assert (watched.errors, watched.failed) == ([], [])


@only(Fault.BLANK_ROUTE)
def test_blank_route_leaves_an_empty_page(watched: Watched) -> None:
    page = watched.page
    page.goto("/products/1021")
    page.get_by_role("link", name="Better together").click()
    page.wait_for_url("**/deals")

    expect(page.locator("#app")).to_be_empty()
    watched.wait_for_error()
    assert watched.errors == ["Cannot read properties of undefined (reading 'price')"]


@pytest.mark.parametrize(
    "path", ["/", "/products/1001", "/products/1001/deals", "/cart", "/checkout", "/wishlist", "/login", "/nowhere"]
)
def test_page_names_every_control_for_assistive_technology(watched: Watched, path: str) -> None:
    page = watched.page
    page.goto(path)
    page.locator("main *").first.wait_for()
    names = page.evaluate("""() => [...document.querySelectorAll('button, a[href], input, select')].map((element) =>
        element.getAttribute('aria-label') || element.innerText || element.labels?.[0]?.innerText || '')""")

    assert names
    assert all(name.strip() for name in names)
