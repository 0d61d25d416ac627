"""The shop's backend over its JSON API: carts, orders, accounts, switches."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from examples.shop import Fault, Recorder, create_shop, parse_faults
from retrace_app.demo.serving import serving

ORDER = {
    "name": "Kim Vale",
    "email": "kim@vale.example",
    "street": "Quay 4",
    "city": "Hamburg",
    "postcode": "20457",
    "card_number": "4242",
    "card_expiry": "11/29",
    "card_code": "123",
    "delivery": "standard",
}
LOGIN = {"email": "robin@tidewater.example", "password": "fair-winds"}

Shop = Callable[..., httpx.Client]


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop with these faults, as one browser sees it."""
    with ExitStack() as stack:

        def open_(*faults: Fault, recorder: Recorder | None = None) -> httpx.Client:
            address = stack.enter_context(serving(create_shop(frozenset(faults), recorder)))
            return stack.enter_context(httpx.Client(base_url=address, follow_redirects=True))

        yield open_


def test_cart_counts_prices_discount_and_delivery(shop: Shop) -> None:
    client = shop()
    client.put("/api/cart/items/1001", json={"quantity": 2})
    assert client.get("/api/cart").json()["total"] == 2 * 2400 + 490

    client.put("/api/cart/items/1051", json={"quantity": 1})
    applied = client.post("/api/cart/coupon", json={"code": " tide10 "}).json()

    assert applied["applied"] is True
    assert applied["cart"]["discount"] == (2 * 2400 + 11800) // 10
    assert applied["cart"]["delivery"] == 0
    assert client.get("/api/cart?delivery=express").json()["delivery"] == 1290


def test_cart_never_holds_more_than_the_shelf(shop: Shop) -> None:
    client = shop()
    assert client.put("/api/cart/items/1025", json={"quantity": 1}).json()["lines"] == []
    assert client.put("/api/cart/items/1024", json={"quantity": 99}).json()["lines"][0]["quantity"] == 11


def test_order_empties_the_cart_and_is_listed(shop: Shop) -> None:
    client = shop()
    client.put("/api/cart/items/1024", json={"quantity": 1})
    placed = client.post("/api/orders", json=ORDER)
    client.post("/api/session", json=LOGIN)

    assert placed.status_code == 201
    assert client.get("/api/cart").json()["lines"] == []
    assert client.get("/api/account/orders").json()["items"][0]["number"] == placed.json()["number"]


def test_order_is_refused_with_a_sentence_when_a_field_is_missing(shop: Shop) -> None:
    client = shop()
    client.put("/api/cart/items/1001", json={"quantity": 1})
    answer = client.post("/api/orders", json={**ORDER, "city": " "})

    assert (answer.status_code, answer.json()) == (422, {"message": "Please fill in every field."})


def test_browsers_do_not_share_a_cart_or_an_account(shop: Shop) -> None:
    one = shop()
    other = httpx.Client(base_url=one.base_url)
    one.put("/api/cart/items/1001", json={"quantity": 1})
    one.post("/api/session", json=LOGIN)

    assert other.get("/api/cart").json()["lines"] == []
    assert other.get("/api/account/profile").status_code == 401
    other.close()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"quantity":"1"}', b"x" * 100_000])
def test_any_body_gets_an_answer(shop: Shop, body: bytes) -> None:
    client = shop()
    for method, path in [("PUT", "/api/cart/items/1001"), ("POST", "/api/orders"), ("POST", "/api/session")]:
        assert client.request(method, path, content=body).status_code in (401, 422)


def test_faults_of_the_backend_are_off_unless_switched_on(shop: Shop) -> None:
    clean, faulty = shop(), shop(*Fault)
    for client in (clean, faulty):
        client.put("/api/cart/items/1001", json={"quantity": 1})
        client.post("/api/session", json=LOGIN)

    assert clean.post("/api/orders", json=ORDER).status_code == 201
    assert faulty.post("/api/orders", json=ORDER).status_code == 500
    assert clean.get("/api/account/orders").status_code == 200
    assert faulty.get("/api/account/orders").status_code == 404


def test_address_switches_the_faults_of_one_browser_and_is_clean_afterwards(shop: Shop) -> None:
    client = shop(Fault.DEAD_BUTTON)
    page = client.get("/cart?faults=blank_route,unknown")

    assert page.url == client.base_url.join("/cart")
    assert '"faults": ["blank_route"]' in page.text
    assert '"faults": []' in client.get("/?faults=none").text
    assert all(fault in client.get("/?faults=all").text for fault in Fault)


@pytest.mark.parametrize(
    "names", ["checkout_500,dead_button", "checkout_500.dead_button", " dead_button ,checkout_500,"]
)
def test_switches_are_read_from_a_list_of_names(names: str) -> None:
    assert parse_faults(names) == {Fault.CHECKOUT_500, Fault.DEAD_BUTTON}


def test_pages_start_the_recorder_only_when_there_is_one(tmp_path: Path, shop: Shop) -> None:
    script = tmp_path / "retrace.js"
    script.write_text("export function init() {}")
    recorded = shop(recorder=Recorder(script, "http://door.test/</script>", "rtpk_x"))
    recorded.cookies.set("shop_visitor", "visitor-01")

    page = recorded.get("/").text
    assert '"distinctId": "visitor-01"' in page
    assert "door.test/\\u003c/script>" in page
    assert recorded.get("/retrace.js").text == script.read_text()
    assert "retrace.js" not in shop().get("/").text
