"""Clues are read out of stacks and texts, whoever wrote them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.culprits.clues import Frame, Request, clues_of_text, file_of, frames_of

PYTHON = """Traceback (most recent call last):
  File "/app/code/bookmarks/views/settings.py", line 213, in bookmark_import
    result = importer.run(content)
  File "/app/code/bookmarks/services/importer.py", line 74, in run
    raise ValueError("x")
ValueError: x"""
CHROME = """TypeError: Cannot read properties of undefined (reading 'total')
    at addVoucher (http://localhost:5173/src/cart.ts?t=17:12:9)
    at async Object.submit (webpack:///./src/pages/Checkout.vue:88:3)"""
FIREFOX = "addVoucher@http://localhost:5173/src/cart.ts:12:9\nsubmit@http://localhost:5173/src/Checkout.vue:88:3"
RUBY = (
    "app/models/cart.rb:12:in `add': undefined method\n\tfrom app/controllers/carts_controller.rb:7:in 'Carts#create'"
)
GO = "panic: boom\n\ngoroutine 1 [running]:\nshop/cart.Add(0x1, 0x2)\n\t/src/shop/cart/add.go:12 +0x1d\n"
PHP = "#0 /var/www/app/Cart.php(12): App\\Cart->add(Object)\n#1 {main}"
JAVA = "java.lang.NullPointerException\n\tat com.acme.shop.Cart.add(Cart.java:12)\n\tat com.acme.Main.main(Main.java:3)"


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(
            PYTHON,
            [
                Frame("app/code/bookmarks/services/importer.py", 74, "run"),
                Frame("app/code/bookmarks/views/settings.py", 213, "bookmark_import"),
            ],
            id="python",
        ),
        pytest.param(
            CHROME,
            [
                Frame("localhost:5173/src/cart.ts", 12, "addVoucher"),
                Frame("src/pages/Checkout.vue", 88, "Object.submit"),
            ],
            id="chrome",
        ),
        pytest.param(
            FIREFOX,
            [
                Frame("localhost:5173/src/cart.ts", 12, "addVoucher"),
                Frame("localhost:5173/src/Checkout.vue", 88, "submit"),
            ],
            id="firefox",
        ),
        pytest.param(
            RUBY,
            [Frame("app/models/cart.rb", 12, "add"), Frame("app/controllers/carts_controller.rb", 7, "Carts#create")],
            id="ruby",
        ),
        pytest.param(GO, [Frame("src/shop/cart/add.go", 12, "shop/cart.Add")], id="go"),
        pytest.param(PHP, [Frame("var/www/app/Cart.php", 12, "App\\Cart->add")], id="php"),
        pytest.param(
            JAVA, [Frame("com/acme/shop/Cart.java", 12, "add"), Frame("com/acme/Main.java", 3, "main")], id="java"
        ),
    ],
)
def test_frames_begin_with_the_one_that_threw(stack: str, expected: list[Frame]) -> None:
    assert list(frames_of(stack)) == expected


def test_a_text_without_a_stack_has_no_frames() -> None:
    assert frames_of("It broke at checkout: nothing happened\nat all") == ()


def test_a_report_gives_requests_pages_and_quoted_texts() -> None:
    clues = clues_of_text(
        'On /account/orders the button "Pay now" sends POST /api/orders/12, which answers 500. See /a.'
    )
    assert clues.requests == (Request("POST", "/api/orders/12"),)
    assert clues.pages == ("/account/orders", "/a")
    assert clues.shown == ("Pay now",)


def test_addresses_of_sites_are_no_pages() -> None:
    assert clues_of_text("see https://example.org/docs/orders and <br/>").pages == ()


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("webpack:///./src/a.ts?1", "src/a.ts"),
        ("file:///srv/app/a.js#x", "srv/app/a.js"),
        ("C:\\app\\a.js", "app/a.js"),
        ("../../a.ts", "a.ts"),
        ("", ""),
    ],
)
def test_a_file_is_what_an_address_ends_with(address: str, file: str) -> None:
    assert file_of(address) == file


_PARTS = (
    "at ",
    "f (",
    "http://x/a.js",
    ":1:2)",
    "\n",
    'File "',
    '", line ',
    ", in ",
    "@",
    "#0 ",
    ".php(",
    "): ",
    "\t/",
    ".go:",
    '"',
    "/",
    "GET ",
)


@given(st.lists(st.one_of(st.sampled_from(_PARTS), st.text(max_size=5)), max_size=80).map("".join))
def test_any_text_gives_clues_within_bounds(text: str) -> None:
    clues = clues_of_text(text)
    assert all(frame.file and not frame.file.startswith("/") for frame in clues.frames)
    assert max(map(len, (clues.frames, clues.pages, clues.requests, clues.shown))) <= 60


@pytest.mark.parametrize("part", ["at ", 'File "', "/a", "@", "a.", "[", "\t/", "GET /", "“"])
def test_a_text_that_repeats_itself_is_read_in_no_time(part: str) -> None:
    clues_of_text(part * 100_000)
