"""The pages of a made-up shop as rrweb records them: the same twenty for every visitor, as in a real shop.

Belongs here: what the pages hold, and their JSON with node ids of a visit's own. Does not: what a visitor does on them
(sessions).
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

ORIGIN = "https://shop.example"
LISTINGS, PRODUCTS = 12, 6
CARDS_A_LISTING = 24

_GOODS = (
    *("Anchor", "Blanket", "Canvas bag", "Compass", "Deck brush", "Foghorn", "Harbour lamp", "Jackline", "Kettle"),
    *("Lantern", "Mooring rope", "Oilskin", "Pulley", "Rigging knife", "Sailcloth", "Teak oil", "Winch handle"),
)
_MAKES = ("Brass", "Heavy", "Hand-made", "Small", "Stainless", "Tarred", "Waxed", "Woven", "Folding", "Signal")
_DEPARTMENTS = ("Deck", "Rope", "Light", "Galley", "Clothing", "Navigation", "Care", "Sale")
_SENTENCES = (
    "Made to last longer than the boat.",
    "Tested for two winters in the North Sea.",
    "Ships within two days from our own store.",
    "Comes with a lifetime guarantee.",
)
_RULES = (
    "display: grid; gap: 12px; padding: 8px 16px; border: 1px solid rgb(201, 214, 221);",
    "color: rgb(18, 48, 63); font: 600 15px / 1.4 system-ui; letter-spacing: 0.01em;",
    "background: url('/static/grain.png') rgb(247, 250, 251); border-radius: 10px;",
)


@dataclass(frozen=True)
class Control:
    """Something a visitor can use: where it is on the screen, and what the recorder says of it."""

    offset: int
    x: int
    y: int
    tag: str
    role: str
    name: str
    test_id: str = ""


@dataclass
class Page:
    """A page: its URL, its controls, and its JSON, cut where a node id goes; `offsets` are those ids less the first."""

    url: str
    controls: list[Control]
    nodes: int
    pieces: list[str]
    offsets: list[int]

    def json(self, base: int) -> str:
        """The page with node ids from `base`."""
        parts = [""] * (2 * len(self.offsets) + 1)
        parts[::2] = self.pieces
        parts[1::2] = [str(base + offset) for offset in self.offsets]
        return "".join(parts)


@dataclass
class _Node:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["_Node | str"] = field(default_factory=list)
    control: tuple[str, str] | None = None


def _node(tag: str, css: str = "", *children: "_Node | str", **attributes: str) -> _Node:
    named = {"class": css} if css else {}
    return _Node(tag, named | {name.replace("_", "-"): value for name, value in attributes.items()}, list(children))


def _button(css: str, name: str, test_id: str = "") -> _Node:
    node = _node("button", css, name, type="button", **({"data_testid": test_id} if test_id else {}))
    node.control = ("button", name)
    return node


def _link(css: str, name: str, href: str) -> _Node:
    node = _node("a", css, name, href=ORIGIN + href)
    node.control = ("link", name)
    return node


def _field(name: str, kind: str = "text") -> _Node:
    box = _node("input", "field__box", type=kind, name=name, placeholder=name)
    box.control = ("textbox", name)
    return _node("label", "field", _node("span", "field__name", name), box)


def _header() -> _Node:
    links = [_link("departments__link", name, f"/catalogue/{name.lower()}") for name in _DEPARTMENTS]
    return _node(
        "header",
        "masthead",
        _link("masthead__mark", "Tidewater", "/"),
        _node("nav", "departments", *links, aria_label="Departments"),
        _field("Search"),
        _link("tool tool--cart", "Cart", "/cart"),
        _node("span", "tool__count", "0"),
        _node("span", "tool__person", "Log in"),
    )


def _card(random_: random.Random, number: int) -> _Node:
    name = f"{random_.choice(_MAKES)} {random_.choice(_GOODS).lower()}"
    price = f"€ {random_.randint(3, 900)}.{random_.randint(10, 99)}"
    # Half the buttons of a shop carry no test id.
    add = _button("button button--primary", "Add to cart", f"add-{number}" if number % 2 else "")
    return _node(
        "article",
        "card card--product",
        _node("img", "card__image", src=f"{ORIGIN}/images/{number}-320.webp", alt=name, loading="lazy"),
        _link("card__title", name, f"/products/{number}"),
        _node("p", "card__text", random_.choice(_SENTENCES)),
        _node("p", "card__price", price),
        add,
        data_product=str(number),
    )


def _main(number: int) -> tuple[str, _Node]:
    random_ = random.Random(f"page {number}")
    if number < LISTINGS:
        cards = [_card(random_, number * CARDS_A_LISTING + card) for card in range(CARDS_A_LISTING)]
        pager = _node("nav", "pager", _button("pager__step", "Previous"), _button("pager__step", "Next", "pager-next"))
        department = _DEPARTMENTS[number % len(_DEPARTMENTS)]
        url = f"/catalogue/{department.lower()}?page={number // len(_DEPARTMENTS) + 1}"
        return url, _node("main", "listing", _node("h1", "title", department), *cards, pager, id="content")
    if number < LISTINGS + PRODUCTS:
        texts = [_node("p", "story", " ".join(random_.choices(_SENTENCES, k=6))) for _ in range(14)]
        sizes = [_button("size", size) for size in ("XS", "S", "M", "L", "XL")]
        others = [_card(random_, 900 + number * 10 + card) for card in range(8)]
        add = _button("button button--primary button--large", "Add to cart", "add-to-cart")
        main = _node("main", "product", _node("h1", "title", _GOODS[number % 17]), *sizes, add, *texts, *others)
        return f"/products/{1000 + number}", main
    if number == LISTINGS + PRODUCTS:
        lines = [
            _node("li", "line", _node("span", "name", name), _button("line__more", "+"), _button("line__less", "-"))
            for name in _GOODS[:6]
        ]
        pay = _button("button button--primary", "Go to checkout", "go-to-checkout")
        return "/cart", _node("main", "cart", _node("h1", "title", "Cart"), _node("ul", "lines", *lines), pay)
    fields = [_field(name) for name in ("Full name", "E-mail", "Street", "Town", "Card number")]
    pay = _button("button button--primary", "Pay now")
    coupon = _button("button", "Apply coupon", "apply-coupon")
    return "/checkout", _node("main", "checkout", _node("h1", "title", "Checkout"), *fields, coupon, pay)


CART, CHECKOUT = LISTINGS + PRODUCTS, LISTINGS + PRODUCTS + 1

# Every page begins with the document, html, head, style sheet, its text, and the body: so this is the body's id.
BODY = 6


class _Writer:
    """Writes nodes as JSON with holes for ids, numbered in document order, and gathers controls."""

    def __init__(self) -> None:
        self.pieces = [""]
        self.offsets: list[int] = []
        self.controls: list[Control] = []
        self.nodes = 0

    def text(self, text: str) -> None:
        self.pieces[-1] += text

    def hole(self, offset: int) -> None:
        self.offsets.append(offset)
        self.pieces.append("")

    def number(self, node: "_Node | str") -> int:
        offset = self.nodes
        self.nodes += 1
        if isinstance(node, _Node) and node.control:
            role, name = node.control
            test_id = node.attributes.get("data-testid", "")
            x, y = 60 + offset * 97 % 1160, 40 + offset * 61 % 640
            self.controls.append(Control(offset, x, y, node.tag, role, name, test_id))
        return offset

    def open(self, node: "_Node | str") -> None:
        """A node up to its children."""
        if isinstance(node, str):
            self.text(f'{{"type":3,"textContent":{_quoted(node)}')
        else:
            self.text(f'{{"type":2,"tagName":"{node.tag}","attributes":{_quoted(node.attributes)},"childNodes":[')

    def nested(self, node: "_Node | str") -> None:
        """A node with all that is in it, as in a snapshot."""
        offset = self.number(node)
        self.open(node)
        if isinstance(node, _Node):
            for place, child in enumerate(node.children):
                self.text("," if place else "")
                self.nested(child)
            self.text("]")
        self.text(',"id":')
        self.hole(offset)
        self.text("}")

    def added(self, node: "_Node | str", parent: int | None) -> None:
        """A node and all that is in it, each an addition of its own, as in a mutation."""
        offset = self.number(node)
        if parent is None:
            self.text(f'{{"parentId":{BODY}')
        else:
            self.text(',{"parentId":')
            self.hole(parent)
        self.text(',"nextId":null,"node":')
        self.open(node)
        self.text(',"id":' if isinstance(node, str) else '],"id":')
        self.hole(offset)
        self.text("}}")
        for child in node.children if isinstance(node, _Node) else ():
            self.added(child, offset)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _style_sheet() -> str:
    names = [f"{block}{part}" for block in (".card", ".masthead", ".line", ".field") for part in _style_parts()]
    return " ".join(f"{name} {{ {_RULES[index % len(_RULES)]} }}" for index, name in enumerate(names))


def _style_parts() -> Iterator[str]:
    yield from ("__title", "__text", "__price", "__image", "--wide", "--open", "--gone", ":hover", ":focus-visible")
    yield from ("__title::after", "__text > a", "__price + p", "--wide img", "--open button", "--gone *")


@cache
def loaded_page(number: int) -> Page:
    """A page as a full snapshot shows it: its ids count from 1, `main` is what a navigation replaces."""
    writer = _Writer()
    url, main = _main(number)
    head = _node("head", "", _node("style", "", _style_sheet()))
    html = _node("html", "", head, _node("body", "", _header(), main), lang="en")
    writer.text('{"type":0,"childNodes":[')
    document = writer.number("document")
    writer.nested(html)
    writer.text('],"id":')
    writer.hole(document)
    writer.text("}")
    return Page(ORIGIN + url, writer.controls, writer.nodes, writer.pieces, writer.offsets)


@cache
def navigated_page(number: int) -> Page:
    """The `main` of a page as the additions of a mutation, to be put into the body."""
    writer = _Writer()
    url, main = _main(number)
    writer.added(main, None)
    return Page(ORIGIN + url, writer.controls, writer.nodes, writer.pieces, writer.offsets)


@cache
def header_nodes() -> int:
    """How many nodes the header has: the id of the first `main` follows from it."""
    writer = _Writer()
    writer.nested(_header())
    return writer.nodes
