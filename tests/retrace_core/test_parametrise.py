"""Templates: which texts are the same once their values are out, and that no page can break that."""

import json
import time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrace_core.parametrise import parametrise_message, request_template, route_template, top_in_app_frame

# Everything a page can print, lone surrogates too, seasoned with what the rules look at.
SEASONING = st.sampled_from(
    [
        *("http://h:80/", "/a/1", "#/", "?x=1", "/", "%20", ".js", ":1:2", "a@b.co", "[email]", "<n>", "data:a/"),
        *("12:34", "2024-01-02", "Jan ", "3f2a1b9c", "550e8400-e29b-41d4-a716-446655440000", "5", "ms", "KB", "v2"),
        *("id: ", '="x"', "'y'", '"', "=", "@", "-", "(", ")", "<", ">", " ", "Uncaught ", "\n at ", "\ud800"),
    ]
)
HOSTILE = st.one_of(st.text(st.characters(exclude_categories=())), st.lists(SEASONING, max_size=12).map("".join))
WORDS = st.text(st.sampled_from("abcdefgXYZ äß.,:;!?()[]'-"), max_size=20)

CHUNK_MISSING = "TypeError: Failed to fetch dynamically imported module: "


# --- Messages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("order 17 is gone", "order <n> is gone"),
        ("Cart (2)", "Cart (<n>)"),
        ("paid 1,234.56 of 1\u202f500,00 or 1'000 or 1e-7 or -5", "paid <n> of <n> or <n> or <n> or <n>"),
        ("at 12px, 50% and $3", "at <n>px, <n>% and $<n>"),
        ("٣ items", "<n> items"),
        (
            "timeout of 5000ms exceeded, 2h 30m left, 3 days",
            "timeout of <duration> exceeded, <duration> left, <duration>",
        ),
        ("12 KB of 1.5MB", "<size> of <size>"),
        ("since 2024-01-02T03:04:05.678+01:00, until 2024-01-02 03:04", "since <date>, until <date>"),
        ("on Mon Nov 23 2026 18:11:56 GMT+0000 (Coordinated Universal Time)!", "on <date>!"),
        ("on 1/2/2024 at 3:04 PM; 5 May 2024", "on <date>; <date>"),
        ("from 10.0.0.1:8080", "from <ip>"),
        ("user 550e8400-e29b-41d4-a716-446655440000", "user <uuid>"),
        ("commit 3f2a1b9c of 0xdeadbeef", "commit <hash> of <hash>"),
        ("card card_1NirD82eZvKYlo2C", "card card_<id>"),
        ('name="Ann B" of userId: "a-b"', "name=<str> of userId: <id>"),
        ("mail ann@shop.example or [email]", "mail [email] or [email]"),
        ("connect to http://localhost:3000 refused", "connect to <url> refused"),
        ("image data:image/png;base64,iVBORw0KGgo= broke", "image <url> broke"),
        ("GET https://shop.example/api/orders/12?t=5, twice", "GET /api/orders/:id, twice"),
        ("GET /api/orders/12 (again)", "GET /api/orders/:id (again)"),
        ("index-3f2a1b.js:12:34 broke", "index-<hash>.js broke"),
        ("deep in node:12:34", "deep in node:<n>:<n>"),
        ("  two\n lines\t", "two lines"),
        ("", ""),
    ],
)
def test_message_loses_its_values(text: str, template: str) -> None:
    assert parametrise_message(text) == template


@pytest.mark.parametrize(
    "text",
    [
        "TypeError: Cannot read properties of null (reading 'username')",
        '{"data":null,"error":{"errors":{"article":["not found"]}}}',
        "Failed to load resource: the server responded with a status of 404 (Not Found)",
        "Request failed with status code 500",
        "Minified React error #418",
        "NG0100: ExpressionChangedAfterItHasBeenChecked",
        "invalid utf8 and/or </div> in Vue.js, [token] or [redacted]",
    ],
)
def test_message_keeps_what_tells_bugs_apart(text: str) -> None:
    assert parametrise_message(text) == text


@pytest.mark.parametrize(
    "wrapped",
    [
        "Uncaught Error: order 3 is gone",
        "Uncaught (in promise) Error: order 4 is gone",
        "Error: Uncaught (in promise): Error: order 4 is gone",
        "Unhandled Promise Rejection: Error: order 5 is gone",
        json.dumps("Uncaught Error: order 6 is gone"),
        json.dumps(json.dumps("Uncaught Error: order 6 is gone")),
        json.dumps("Error: order 7 is gone\n    at addUp (https://shop.example/assets/cart.js:12:7)"),
        json.dumps("Error: order 8 is gone\nEnd of stack for Error object"),
    ],
)
def test_message_is_the_plain_error_when_browsers_or_recorders_wrap_it(wrapped: str) -> None:
    assert parametrise_message(wrapped) == parametrise_message("Error: order 1 is gone") == "Error: order <n> is gone"


def test_missing_chunk_is_the_same_in_every_release_and_origin_but_not_another_chunk() -> None:
    template = parametrise_message(CHUNK_MISSING + "http://127.0.0.1:3002/assets/Login-CeLov5tZ.js")
    assert template == CHUNK_MISSING + "/assets/Login-<hash>.js"
    assert parametrise_message(CHUNK_MISSING + "https://shop.example/assets/Login-BwMcStMm.js") == template
    assert parametrise_message(CHUNK_MISSING + "https://shop.example/assets/Cart-BwMcStMm.js") != template


@given(HOSTILE)
def test_message_template_is_its_own_template(text: str) -> None:
    template = parametrise_message(text)
    assert parametrise_message(template) == template


NUMBERS = st.one_of(
    st.integers(-(10**18), 10**18).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(str),
    st.integers(0, 10**12).map("{:,}".format),
)
HASHES = st.sampled_from([32, 40, 64]).flatmap(lambda size: st.integers(0, 16**size - 1).map(f"{{:0{size}x}}".format))
PLACES = st.sampled_from(["{}", "({})", "'{}'", "#{}", "[{}]", "{}.", "{}, ", "x={}"])


VALUE_PAIRS = st.sampled_from([NUMBERS, HASHES, st.uuids().map(str)]).flatmap(lambda kind: st.tuples(kind, kind))


@given(WORDS, WORDS, PLACES, VALUE_PAIRS)
def test_message_template_is_the_same_whatever_number_hash_or_uuid_stands_in_it(
    before: str, after: str, place: str, values: tuple[str, str]
) -> None:
    one, other = (parametrise_message(f"{before} {place.format(value)} {after}") for value in values)
    assert one == other


@pytest.mark.parametrize("length", [999, 1_000, 1_001, 20_000])
def test_message_template_is_bounded_and_stable_when_the_page_prints_a_book(length: int) -> None:
    for book in (("word 12 " * length)[:length], ("ab/12" * length)[:length], json.dumps("1 " * length)):
        template = parametrise_message(book)
        assert 0 < len(template) <= 1_000
        assert parametrise_message(template) == template


# --- Routes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("", "/"),
        ("https://shop.example", "/"),
        ("https://shop.example/?utm=1", "/"),
        ("https://shop.example/orders/12/?t=5#top", "/orders/:id"),
        ("api/orders//12", "/api/orders/:id"),
        ("//cdn.example/a", "/a"),
        ("/users/550e8400-e29b-41d4-a716-446655440000/edit", "/users/:id/edit"),
        ("/commits/3f2a1b9c0d", "/commits/:id"),
        ("/article/article-number-1", "/article/:id"),
        ("/article/how-to-train-your-big-dragon", "/article/:id"),
        ("/u/user42", "/u/:id"),
        ("/@ann", "/:id"),
        ("/tag/two%20words", "/tag/:id"),
        ("/tag/two words", "/tag/:id"),
        ("/reset/[token]", "/reset/:id"),
        ("/" + "a" * 65, "/:id"),
        ("/cart;jsessionid=8A/items", "/cart/items"),
        ("/api/v2/oauth2/i18n/en-us/forgot-password", "/api/v2/oauth2/i18n/en-us/forgot-password"),
        ("/b%C3%BAsqueda", "/b%C3%BAsqueda"),
        ("http://127.0.0.1:3002/#/", "/"),
        ("http://127.0.0.1:3002/#/article/gone", "/#/article/gone"),
        ("http://127.0.0.1:3002/#/article/x-12?page=2", "/#/article/:id"),
        ("http://127.0.0.1:3003/vue/dist/#!/active", "/vue/dist/#/active"),
        ("/assets/index-CLA-s5VF.js?v=1", "/assets/index-<hash>.js"),
        ("/assets/Article-BwMcStMm.css", "/assets/Article-<hash>.css"),
        ("/assets/chunk-5XQ3LHDA.js", "/assets/chunk-<hash>.js"),
        ("/static/js/2.3f2a1b9c.chunk.js", "/static/js/<n>.<hash>.chunk.js"),
        ("/src/pages/user-UserList.vue", "/src/pages/user-UserList.vue"),
        ("/img/logo-3f2a1b9c.png", "/img/logo-<hash>.png"),
        ("/pixel/77.gif?id=5", "/pixel/:id.gif"),
        ("about:blank", "about:blank"),
        ("data:text/html,<p>12", "data:"),
        ("blob:https://shop.example/550e8400-e29b-41d4-a716-446655440000", "blob:"),
    ],
)
def test_route_names_the_page(url: str, route: str) -> None:
    assert route_template(url) == route


@given(HOSTILE)
def test_route_template_is_its_own_template(url: str) -> None:
    route = route_template(url)
    assert route_template(route) == route


SEGMENTS = st.lists(st.sampled_from(["orders", "api", "v2", "checkout", "user_list", "#", "über"]), max_size=4)


@given(SEGMENTS, SEGMENTS, st.tuples(st.integers(0), st.integers(0)), st.text(st.sampled_from("ab=&/?1%[]")))
def test_route_is_the_same_whatever_id_query_and_origin(
    before: list[str], after: list[str], ids: tuple[int, int], query: str
) -> None:
    one, other = ("/".join(["", *before, str(value), *after]) for value in ids)
    assert route_template(one) == route_template(other)
    if "#" not in one:
        assert route_template(f"https://shop.example:8080{other}?{query}") == route_template(one)


@pytest.mark.parametrize(
    ("method", "url", "template"),
    [
        ("post", "https://shop.example/api/orders/12?x=1", "POST /api/orders/:id"),
        ("", "/api/tags#/ignored", "GET /api/tags"),
        (" get out ", "/api/tags", "GET /api/tags"),
        ("GET", "/graphql?query=x&operationName=GetCart&variables=%7B%7D", "GET /graphql GetCart"),
        ("GET", "/graphql?operationName=%22", "GET /graphql"),
    ],
)
def test_request_template_names_what_is_asked(method: str, url: str, template: str) -> None:
    assert request_template(method, url) == template


# --- Frames ---------------------------------------------------------------------------------------------------------

CART = "https://shop.example/assets/cart-CLA-s5VF.js"


@pytest.mark.parametrize(
    "stack",
    [
        f"TypeError: x\n    at addUp ({CART}:12:7)\n    at main ({CART}:1:1)",
        f"TypeError: x\n    at Object.addUp [as total] ({CART}:12:7)",
        f"    at async Cart.addUp ({CART}:9:9)",
        f"addUp@{CART}:12:7\nmain@{CART}:1:1",
        f"promise callback*addUp@{CART}:12:7",
        f"addUp ({CART}:12:7)\nmain ({CART}:1:1)",
        f"forEach@[native code]\nCart.prototype.addUp@{CART}:12:7",
        f"TypeError: at ann@shop.example:80\n    at Array.map (<anonymous>)\n    at addUp ({CART}:12:7)",
        f"    at eval (eval at run ({CART}:1:1), <anonymous>:1:1)\n    at addUp ({CART}:12:7)",
        f"    at x (chrome-extension://abc/content.js:1:2)\n    at addUp ({CART}:12:7)",
        f"    at x (https://shop.example/node_modules/.vite/deps/vue.js?v=1:1:2)\n    at addUp ({CART}:12:7)",
        f"    at x (https://shop.example/js/chunk-vendors.3f2a1b9c.js:1:2)\n    at addUp ({CART}:12:7)",
        f"    at x (webpack:///../node_modules/axios/lib/core.js:1:2)\r\n    at addUp ({CART}:12:7)\r\n",
    ],
)
def test_top_frame_is_the_first_of_the_application_in_every_browser(stack: str) -> None:
    assert top_in_app_frame(stack) == "addUp@/assets/cart-<hash>.js"


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        ("    at new Cart (webpack:///./src/cart.ts?3f2a:12:7)", "Cart@/src/cart.ts"),
        ("    at setup (webpack-internal:///./src/cart.ts:12:7)", "setup@/src/cart.ts"),
        ("    at setup (http://localhost:5173/src/Cart.vue?t=1700000000000:12:7)", "setup@/src/Cart.vue"),
        ("    at Cart.#total (https://shop.example/cart.js:1:2)", "#total@/cart.js"),
        (f"    at {CART}:12:7", "/assets/cart-<hash>.js"),
        (f"    at Proxy.<anonymous> ({CART}:12:7)", "/assets/cart-<hash>.js"),
        (f"addUp/<@{CART}:12:7", "/assets/cart-<hash>.js"),
        (f"@{CART}:12:7", "/assets/cart-<hash>.js"),
        (f"global code@{CART}:12:7", "/assets/cart-<hash>.js"),
        ("onclick@https://shop.example/orders/12:30:5", "onclick@/orders/:id"),
    ],
)
def test_top_frame_has_function_and_file_but_no_position(frame: str, named: str) -> None:
    assert top_in_app_frame(frame) == named


def test_top_frame_is_the_same_in_two_builds_since_minified_names_do_not_count() -> None:
    builds = (f"Mn ({CART}:14:649)", "    at ec (https://shop.example/assets/cart-BwMcStMm.js:9:71)")
    assert {top_in_app_frame(build) for build in builds} == {"/assets/cart-<hash>.js"}


@pytest.mark.parametrize(
    "stack",
    [
        "",
        "TypeError: x",
        "    at <anonymous>:1:1",
        "f@moz-extension://abc/x.js:1:2",
        "run@https://h/x.js line 3 > eval:1:1",
    ],
)
def test_top_frame_is_none_when_no_frame_is_the_applications(stack: str) -> None:
    assert top_in_app_frame(stack) is None


# --- Hostile pages --------------------------------------------------------------------------------------------------


@given(HOSTILE, HOSTILE)
def test_nothing_raises_whatever_the_page_says(text: str, other: str) -> None:
    assert parametrise_message(text) is not None
    assert route_template(text)
    assert request_template(other, text)
    top_in_app_frame(text)
    top_in_app_frame(f"    at {text} ({other}:1:2)\n{text}@{other}:1:2")


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a",
            "1",
            "f",
            "a.",
            "a-",
            "a@",
            "1:",
            "1.",
            "1,",
            "/1",
            "1-",
            "--1",
            "a://",
            ".js:1",
            "@",
            ":1",
            "%20",
            "[a",
        ),
        *('="', "='", 'id:"', '"', '\\"', "[as ", "/vendor", "status ", "\ud800", "Mon ", "\u202f1", "1\u202f"),
        *("<n>ms ", "Jan <n> ", "Uncaught ", "\n at ", "(x:1:2) ", "a (", "a:1:1\n"),
    ],
)
def test_time_is_linear_in_what_is_read_when_a_page_tries_to_stall_us(unit: str) -> None:
    text = unit * 50_000
    started = time.process_time()
    parametrise_message(text), route_template(text), request_template(text, text), top_in_app_frame(text)
    # Measured: 4 ms at most. Backtracking that is quadratic in 16,000 characters takes seconds.
    assert time.process_time() - started < 0.25


def test_an_ordinary_text_takes_microseconds() -> None:
    started = time.process_time()
    for number in range(1_000):
        parametrise_message(f"Uncaught (in promise) Error: order {number} of https://shop.example/api/orders is gone")
        route_template(f"https://shop.example/orders/{number}?t=1")
        top_in_app_frame(f"TypeError: x\n    at addUp ({CART}:{number}:7)")
    # Measured: 30 µs for the three; ten times that is a regular expression gone wrong.
    assert (time.process_time() - started) / 1_000 < 300e-6


@settings(max_examples=20)
@given(st.uuids())
def test_route_and_message_agree_on_addresses(value: UUID) -> None:
    address = f"https://shop.example/orders/{value}/items"
    assert parametrise_message(f"GET {address} failed") == f"GET {route_template(address)} failed"
