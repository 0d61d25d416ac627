"""What the shop sells, and how a visitor narrows it down.

Belongs here: search, filter, sort and paging over the goods (`goods.json`). Does not: baskets, requests.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

PAGE_SIZE = 9
RELATED = 3


class Sort(StrEnum):
    """Orders a visitor may choose."""

    FEATURED = "featured"
    PRICE_UP = "price"
    PRICE_DOWN = "-price"
    RATING = "-rating"
    NAME = "name"


@dataclass(frozen=True)
class Product:
    """One article; `price` in cents, `art` and `tint` name its drawing and colours in the front end."""

    id: int
    name: str
    category: str
    price: int
    rating: float
    stock: int
    art: str
    tint: str
    summary: str
    details: list[str]


@dataclass(frozen=True)
class Query:
    """What a visitor asked the catalogue for; `most` is the highest price in cents, 0 for any."""

    text: str = ""
    category: str = ""
    most: int = 0
    in_stock: bool = False
    sort: Sort = Sort.FEATURED
    page: int = 1


@dataclass(frozen=True)
class Found:
    """One page of results; pages count from 1."""

    items: list[Product]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class Bundle:
    """Articles that go together; `price` in cents for all of them."""

    title: str
    price: int
    products: list[Product]


CATEGORIES = ("Galley", "Apparel", "Deck", "Navigation", "Stowage", "Cabin")

_GOODS = Path(__file__).with_name("goods.json")
PRODUCTS = tuple(Product(**fields) for fields in json.loads(_GOODS.read_text(encoding="utf-8")))

_BY_ID = {product.id: product for product in PRODUCTS}


def product_by_id(product_id: int) -> Product | None:
    """Look an article up."""
    return _BY_ID.get(product_id)


def search(query: Query) -> Found:
    """Find the page of articles a visitor asked for; a page out of range is the nearest one."""
    words = query.text.casefold().split()
    matches = _sorted([product for product in PRODUCTS if _matches(product, query, words)], query.sort)
    pages = max(1, -(-len(matches) // PAGE_SIZE))
    page = min(max(1, query.page), pages)
    return Found(matches[(page - 1) * PAGE_SIZE : page * PAGE_SIZE], len(matches), page, pages)


def related_to(product: Product) -> list[Product]:
    """Choose articles to show beside one: its category first."""
    others = [other for other in PRODUCTS if other.id != product.id]
    return sorted(others, key=lambda other: other.category != product.category)[:RELATED]


def bundles_with(product: Product) -> list[Bundle]:
    """Put an article together with those it is used with."""
    first, second, third = related_to(product)
    return [
        _bundle(f"{product.name} and {first.name}", [product, first]),
        _bundle(f"The {product.category.lower()} kit", [product, second, third]),
    ]


def _bundle(title: str, products: list[Product]) -> Bundle:
    return Bundle(title, sum(product.price for product in products), products)


def _matches(product: Product, query: Query, words: list[str]) -> bool:
    haystack = f"{product.name} {product.category} {product.summary}".casefold()
    return (
        all(word in haystack for word in words)
        and query.category in ("", product.category)
        and (not query.most or product.price <= query.most)
        and (product.stock > 0 or not query.in_stock)
    )


def _sorted(products: list[Product], sort: Sort) -> list[Product]:
    match sort:
        case Sort.FEATURED:
            return products
        case Sort.PRICE_UP:
            return sorted(products, key=lambda product: product.price)
        case Sort.PRICE_DOWN:
            return sorted(products, key=lambda product: -product.price)
        case Sort.RATING:
            return sorted(products, key=lambda product: -product.rating)
        case Sort.NAME:
            return sorted(products, key=lambda product: product.name)
