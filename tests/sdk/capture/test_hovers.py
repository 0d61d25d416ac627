"""Hovering: told only where it opened something."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


PAGE = """
<style>.sub { display: none } .menu:hover .sub { display: block } button:hover { color: red }</style>
<ul><li class=menu>Products<ul class=sub><li><a href="#shoes">Shoes</a></li></ul></li></ul>
<section><div id=tip>Help<i hidden>More</i></div></section><button>Plain</button>
"""


def test_hover_is_told_when_it_shows_something(open_page: OpenPage) -> None:
    recorded = open_page(PAGE, script="tip.onmouseenter = () => { tip.querySelector('i').hidden = false; };")
    for selector in ("button", ".menu", "button", "#tip", "h1, button"):
        recorded.page.hover(selector)
        recorded.page.wait_for_timeout(250)
    recorded.flush()

    hovered = [
        payload["target"].get("className") or payload["target"].get("id")
        for payload in recorded.payloads("retrace/hover@1")
    ]
    assert hovered == ["menu", "tip"]
