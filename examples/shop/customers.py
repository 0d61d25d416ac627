"""What the shop remembers of each browser: basket, wishlist, account.

Belongs here: the state of a customer and the rules of changing it. Does not: requests, prices of delivery.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

# Anyone may log in with these; a shop for demonstrations keeps no secrets.
DEMO_EMAIL = "robin@tidewater.example"
DEMO_PASSWORD = "fair-winds"  # noqa: S105 - printed on the login page

MOST_OF_ONE = 20
_MAX_CUSTOMERS = 5_000  # browsers remembered at a time; the one that was away longest is forgotten

COUPONS = {"TIDE10": 10, "HARBOUR15": 15}


@dataclass(frozen=True)
class Order:
    """A placed order; money in cents, `items` as (product id, quantity)."""

    number: str
    placed_at: str
    total: int
    items: tuple[tuple[int, int], ...]


@dataclass
class Profile:
    """What an account says about its owner."""

    name: str = "Robin Marsh"
    email: str = DEMO_EMAIL
    phone: str = ""
    newsletter: bool = True


@dataclass
class Customer:
    """One browser: what is in its basket (product id to quantity), and its account once logged in."""

    basket: dict[int, int] = field(default_factory=dict)
    wishlist: list[int] = field(default_factory=list)
    coupon: str = ""
    logged_in: bool = False
    profile: Profile = field(default_factory=Profile)
    orders: list[Order] = field(
        default_factory=lambda: [Order("TW-20417", "2026-03-02", 10300, ((1001, 1), (1023, 1)))]
    )

    def put(self, product_id: int, quantity: int) -> None:
        """Set how many of an article are in the basket; none takes it out."""
        if quantity <= 0:
            self.basket.pop(product_id, None)
        else:
            self.basket[product_id] = min(quantity, MOST_OF_ONE)

    def toggle_wish(self, product_id: int) -> bool:
        """Put an article on the wishlist or take it off; says whether it is on it now."""
        if product_id in self.wishlist:
            self.wishlist.remove(product_id)
            return False
        self.wishlist.append(product_id)
        return True


class Customers:
    """All browsers the shop remembers, by the id in their cookie."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._known: OrderedDict[str, Customer] = OrderedDict()

    def recall(self, customer_id: str | None) -> tuple[str, Customer]:
        """Find the customer behind a cookie, or welcome a new one under a new id."""
        known = self._known.get(customer_id or "")
        if customer_id is None or known is None:
            customer_id, known = secrets.token_urlsafe(12), Customer()
            self._known[customer_id] = known
            while len(self._known) > _MAX_CUSTOMERS:
                self._known.popitem(last=False)
        self._known.move_to_end(customer_id)
        return customer_id, known
