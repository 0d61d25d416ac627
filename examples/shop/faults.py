"""The bugs of this shop, each behind a switch.

Belongs here: the name of each fault, where its bug lives and what a visitor sees. Does not: the bug itself.
"""

from enum import StrEnum


class Fault(StrEnum):
    """A bug that can be switched on; the value is the name of the switch."""

    source: str
    symptom: str

    def __new__(cls, name: str, source: str, symptom: str) -> "Fault":
        """Make a member that is its name; `source` is relative to the shop's folder."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.source = source
        member.symptom = symptom
        return member

    THROWING_HANDLER = (
        "throwing_handler",
        "static/js/pages/product.js",
        "“Add to wishlist” does nothing: its click handler throws a TypeError.",
    )
    DEAD_BUTTON = (
        "dead_button",
        "static/js/pages/cart.js",
        "“Apply code” in the cart does nothing at all.",
    )
    CHECKOUT_500 = (
        "checkout_500",
        "orders.py",
        "Paying fails: the order request answers 500 and the page says nothing.",
    )
    ORDERS_404 = (
        "orders_404",
        "server.py",
        "“Your orders” claims there are none: the list request answers 404.",
    )
    ERROR_TOAST = (
        "error_toast",
        "static/js/pages/profile.js",
        "Saving the profile shows the red message “Could not save your profile”.",
    )
    BLANK_ROUTE = (
        "blank_route",
        "static/js/pages/deals.js",
        "The bundle deals of a product are a blank page: rendering throws after the old page is gone.",
    )


def parse_faults(names: str) -> frozenset[Fault]:
    """Read switches separated by commas or dots; "all" is every fault, unknown names are ignored."""
    wanted = {name.strip() for name in names.replace(".", ",").split(",")}
    return frozenset(Fault) if "all" in wanted else frozenset(fault for fault in Fault if fault in wanted)
