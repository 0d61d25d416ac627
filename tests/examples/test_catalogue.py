"""The shop's catalogue: search, filters, order, pages."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.shop.catalogue import (
    CATEGORIES,
    PAGE_SIZE,
    PRODUCTS,
    Product,
    Query,
    Sort,
    bundles_with,
    product_by_id,
    related_to,
    search,
)


def test_search_finds_every_word_whatever_its_case() -> None:
    found = search(Query(text="WOOL blanket"))

    assert [product.name for product in found.items] == ["Wool Watch Blanket"]


def test_search_narrows_by_department_price_and_stock() -> None:
    found = search(Query(category="Deck", most=5000))
    in_stock = search(Query(category="Deck", in_stock=True))

    assert {product.name for product in found.items} == {"Manila Rope Coil", "Bronze Cleat"}
    assert "Folding Anchor" not in {product.name for product in in_stock.items}


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        (Sort.PRICE_UP, lambda product: product.price),
        (Sort.PRICE_DOWN, lambda product: -product.price),
        (Sort.RATING, lambda product: -product.rating),
        (Sort.NAME, lambda product: product.name),
    ],
)
def test_search_sorts_as_asked(sort: Sort, key: Callable[[Product], Any]) -> None:
    items = search(Query(sort=sort)).items

    assert items == sorted(items, key=key)


def test_pages_hold_every_article_once() -> None:
    first = search(Query())
    shown = [product for page in range(1, first.pages + 1) for product in search(Query(page=page)).items]

    assert len(first.items) == PAGE_SIZE
    assert shown == list(PRODUCTS)


@given(st.builds(Query, text=st.text(), category=st.text(), most=st.integers(), page=st.integers()))
def test_search_answers_any_query_with_a_page_that_exists(query: Query) -> None:
    found = search(query)

    assert 1 <= found.page <= found.pages
    assert len(found.items) <= found.total


def test_every_article_has_a_department_others_beside_it_and_bundles() -> None:
    for product in PRODUCTS:
        assert product.category in CATEGORIES
        assert product_by_id(product.id) == product
        assert product not in related_to(product)
        assert all(product in bundle.products for bundle in bundles_with(product))
