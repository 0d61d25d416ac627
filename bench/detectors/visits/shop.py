"""Cases in the demo shop: its six faults and visits that nothing spoils.

Belongs here: visits to `examples/shop` and what is true of them. Does not: the shop's faults themselves.
"""

from typing import Final

from bench.detectors.hands import Hands
from bench.detectors.visits.case import Act, Case, visits

_GONE: Final = "session_abandon_on_error"


def _shop(
    name: str, about: str, *acts: Act, fault: str = "", required: tuple[str, ...] = (), allowed: tuple[str, ...] = ()
) -> Case:
    faults = (fault,) if fault else ()
    return Case(f"shop-{name}", acts, faults, frozenset(required), frozenset(allowed), about=about, app="shop")


async def _to_cart(hands: Hands) -> None:
    await hands.click(hands.page.get_by_test_id("add-to-cart"))
    await hands.page.get_by_text("added to your cart").first.wait_for()
    await hands.click(hands.page.get_by_test_id("header-cart"))
    await hands.page.get_by_role("heading", name="Your cart").wait_for()
    await hands.look()


async def _fills_checkout(hands: Hands) -> None:
    page = hands.page
    await hands.click(page.get_by_test_id("go-to-checkout"))
    await hands.click(page.get_by_test_id("address-name"))
    known = {
        page.get_by_test_id("address-name"): "Kim Vale",
        page.get_by_label("E-mail"): "kim@vale.example",
        page.get_by_test_id("address-street"): "Quay 4",
        page.get_by_test_id("address-postcode"): "20457",
        page.get_by_label("City"): "Hamburg",
        page.get_by_label("Valid until"): "11/29",
    }
    for field, text in known.items():
        await field.fill(text)
    await hands.type(page.get_by_test_id("card-number"), "4242 4242 4242")
    await hands.type(page.get_by_test_id("card-code"), "123")


async def _logs_in(hands: Hands) -> None:
    page = hands.page
    await hands.click(page.get_by_test_id("header-account"))
    await page.get_by_role("heading", name="Welcome aboard").wait_for()
    await page.get_by_label("E-mail").fill("ada@north.example")
    await hands.type(page.get_by_test_id("password"), "fair-winds")
    await hands.click(page.get_by_role("main").get_by_role("button", name="Log in"))
    await page.get_by_role("heading", name="Ahoy").wait_for()
    await hands.look()


async def _mistypes(hands: Hands) -> None:
    page = hands.page
    await hands.click(page.get_by_test_id("header-account"))
    await page.get_by_label("E-mail").fill("ada@north.example")
    await hands.type(page.get_by_test_id("password"), "fair-wind")
    await hands.click(page.get_by_role("main").get_by_role("button", name="Log in"))
    await hands.look(1.4, 1.8)
    await hands.type(page.get_by_test_id("password"), "fair-winds")
    await hands.click(page.get_by_role("main").get_by_role("button", name="Log in"))
    await page.get_by_role("heading", name="Ahoy").wait_for()
    await hands.look(1.2, 1.6)


def _wishes(again: int, rest_s: float) -> Act:
    async def act(hands: Hands) -> None:
        wish = hands.page.get_by_role("button", name="wishlist")
        for _ in range(again):
            await hands.click(wish)
            await hands.look(1.2, 1.8)
        await hands.look(rest_s, rest_s + 0.3)
        await hands.wander(1)
        await hands.look(0.4, 0.6)

    return act


async def _takes_wish(hands: Hands) -> None:
    await hands.click(hands.page.get_by_role("button", name="Add to wishlist"))
    await hands.page.get_by_role("button", name="On your wishlist").wait_for()
    await hands.look(2.0, 2.4)


def _applies(code: str, angry: int) -> Act:
    async def act(hands: Hands) -> None:
        await hands.type(hands.page.get_by_label("Discount code"), code)
        apply = hands.page.get_by_role("button", name="Apply code")
        await hands.click(apply)
        await hands.look(7.4, 7.8)
        await hands.wander(1)
        if angry:
            await hands.click_often(apply, angry)
            await hands.look(7.4, 7.8)

    return act


async def _applies_well(hands: Hands) -> None:
    await hands.type(hands.page.get_by_label("Discount code"), "TIDE10")
    await hands.click(hands.page.get_by_role("button", name="Apply code"))
    await hands.page.get_by_text("Your code is applied").wait_for()
    await hands.look(2.0, 2.4)


def _pays(angry: int, rest_s: float) -> Act:
    async def act(hands: Hands) -> None:
        pay = hands.page.get_by_test_id("pay")
        await hands.click(pay)
        await hands.look(1.4, 1.8)
        if angry:
            await hands.click_often(pay, angry)
        await hands.look(rest_s, rest_s + 0.3)
        await hands.wander(1)
        await hands.look(0.4, 0.6)

    return act


async def _is_thanked(hands: Hands) -> None:
    await hands.click(hands.page.get_by_test_id("pay"))
    await hands.page.get_by_role("heading", name="Thank you").wait_for()
    await hands.look(1.6, 2.0)


async def _sees_orders(hands: Hands) -> None:
    await hands.click(hands.page.get_by_test_id("account-orders"))
    await hands.page.get_by_role("heading", name="Your orders").wait_for()
    await hands.look(2.4, 2.8)


async def _saves_profile(hands: Hands) -> None:
    menu = hands.page.get_by_role("navigation", name="Account")
    await hands.click(menu.get_by_role("link", name="Profile"))
    await hands.type(hands.page.get_by_role("main").get_by_label("Phone"), "040 555 20")
    await hands.click(hands.page.get_by_test_id("save-profile"))
    await hands.look(2.6, 3.0)


async def _wants_bundles(hands: Hands) -> None:
    await hands.click(hands.page.get_by_role("link", name="Better together"))
    await hands.look(2.6, 2.9)
    await hands.wander(2)
    await hands.look(2.0, 2.3)


async def _steps(hands: Hands) -> None:
    await hands.click_often(hands.page.get_by_role("button", name="One more Harbour Enamel Mug"), 5)
    await _to_cart(hands)
    await hands.click(hands.page.get_by_role("button", name="One Harbour Enamel Mug less"))
    await hands.click(hands.page.get_by_role("button", name="Remove Harbour Enamel Mug"))
    await hands.page.get_by_role("heading", name="Your cart is empty").wait_for()
    await hands.look(1.6, 2.0)


async def _leafs(hands: Hands) -> None:
    for number in ("2", "3", "1"):
        link = hands.page.get_by_role("navigation", name="Pages").get_by_role("link", name=number, exact=True)
        await hands.click(link)
        await hands.look(0.8, 1.2)
    await hands.look(1.6, 2.0)


CASES: Final = (
    _shop(
        "wish-throws",
        "the wish button throws",
        visits("/products/1034"),
        _wishes(2, 3.0),
        fault="throwing_handler",
        required=("console_error", "error_click"),
        allowed=("dead_click", _GONE),
    ),
    _shop(
        "wish-left",
        "the wish button throws, and somebody leaves",
        visits("/products/1051"),
        _wishes(1, 0.4),
        fault="throwing_handler",
        required=("console_error", "error_click"),
        allowed=("dead_click", _GONE),
    ),
    _shop(
        "code-dead",
        "“Apply code” has no listener",
        visits("/products/1041"),
        _to_cart,
        _applies("TIDE10", 0),
        fault="dead_button",
        required=("dead_click",),
    ),
    _shop(
        "code-rage",
        "“Apply code” has no listener, and somebody gets angry",
        visits("/products/1002"),
        _to_cart,
        _applies("HARBOUR15", 5),
        fault="dead_button",
        required=("dead_click", "rage_click"),
    ),
    _shop(
        "pay-500",
        "paying answers 500 and the page says nothing",
        visits("/products/1051"),
        _to_cart,
        _fills_checkout,
        _pays(0, 3.0),
        fault="checkout_500",
        required=("network_5xx",),
        allowed=("dead_click", _GONE),
    ),
    _shop(
        "pay-rage",
        "paying answers 500, and somebody gets angry",
        visits("/products/1034"),
        _to_cart,
        _fills_checkout,
        _pays(5, 7.4),
        fault="checkout_500",
        required=("network_5xx", "rage_click"),
        allowed=("dead_click", _GONE),
    ),
    _shop(
        "pay-left",
        "paying answers 500, and somebody leaves",
        visits("/products/1041"),
        _to_cart,
        _fills_checkout,
        _pays(0, 0.4),
        fault="checkout_500",
        required=("network_5xx", _GONE),
        allowed=("dead_click",),
    ),
    _shop(
        "orders-404",
        "the list of orders answers 404 and the page says there are none",
        visits("/"),
        _logs_in,
        _sees_orders,
        fault="orders_404",
        required=("network_4xx",),
        allowed=(_GONE,),
    ),
    _shop(
        "profile-toast",
        "saving the profile shows an error message",
        visits("/cart"),
        _logs_in,
        _saves_profile,
        fault="error_toast",
        required=("error_toast",),
    ),
    _shop(
        "bundles-blank",
        "the bundles are a blank page",
        visits("/products/1034"),
        _wants_bundles,
        fault="blank_route",
        required=("blank_render", "console_error"),
        allowed=(_GONE, "error_click"),
    ),
    _shop("buys", "an order", visits("/products/1051"), _to_cart, _fills_checkout, _is_thanked),
    _shop("wishes", "a wish", visits("/products/1034"), _takes_wish),
    _shop("code", "a discount code", visits("/products/1041"), _to_cart, _applies_well),
    _shop("orders", "a look at one's orders", visits("/"), _logs_in, _sees_orders),
    _shop("profile", "the profile is saved", visits("/cart"), _logs_in, _saves_profile),
    _shop("bundles", "a look at the bundles", visits("/products/1034"), _wants_bundles),
    _shop("steppers", "a dozen mugs, then none", visits("/products/1001"), _steps),
    _shop("pager", "leafing through the catalogue", visits("/"), _leafs),
    _shop("mistypes", "a wrong password, then the right one", visits("/"), _mistypes, allowed=("error_toast",)),
)
