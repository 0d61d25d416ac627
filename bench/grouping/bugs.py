"""Sixty bugs, and sessions that meet them: the same for the same seed.

A bug shows itself differently each time: other ids, numbers, hashes, e-mail addresses and times in its messages and
addresses, other bundles and lines in its stacks, more or fewer of its consequences. What stays is what a person would
know it by. Each bug is met in a page load of its own, so that a signal's window tells whose it is: the truth is the
generator's, not a rule's.

Belongs here: the bugs and who meets them. Does not: the shape of events (`writing`).
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.grouping.writing import Control, Window, post
from bench.sessions import Batch

BUGS_MET_TWICE: Final = 0.12
CLEAN: Final = 0.13

_RELEASES: Final = ("2026.11.1", "2026.11.2", "2026.11.3", "2026.12.0")
_WORDS: Final = ("rope", "lantern", "oilskin", "teak", "anchor", "compass")
_NO: Final = 0.0


@dataclass(frozen=True)
class Bug:
    """What is broken; texts hold `{n}`, `{hex}` and the like for what differs between sessions.

    `after` is the chance that each of the things that follow from it can be seen: rage, message, printed line.
    """

    route: str
    control: Control
    throws: str = ""
    by: str = ""
    prints: str = ""
    request: tuple[str, str, int] | None = None
    toast: str = ""
    blank: bool = False
    dead: bool = False
    rage: float = _NO
    again: int = 1
    minified: bool = False
    at_load: bool = False


def _button(name: str, **more: str) -> Control:
    return Control(name, **more)


_SAVE: Final = _button("Save")
_GO: Final = _button("Go on")

_THROWN: Final = (
    Bug(
        "/cart",
        _button("Apply coupon"),
        "TypeError: Cannot read properties of undefined (reading 'total')",
        "applyCoupon",
    ),
    Bug(
        "/cart",
        _button("Show summary"),
        "TypeError: Cannot read properties of undefined (reading 'total')",
        "renderSummary",
    ),
    Bug("/invoices/{n}", _button("Open"), "TypeError: Cannot read properties of null (reading 'id')", "openInvoice"),
    Bug("/invoices/{n}", _button("Close"), "TypeError: Cannot read properties of null (reading 'id')", "closeInvoice"),
    Bug("/checkout", _button("Pay later"), "Error: Order {n} could not be placed", "placeOrder"),
    Bug("/users/{n}", _SAVE, "Error: User {email} is not allowed to edit", "saveUser"),
    Bug(
        "/reports",
        _button("Monthly"),
        "ChunkLoadError: Loading chunk {n} failed. (https://shop.test/assets/reports-{hex}.js)",
        "openReport",
    ),
    Bug("/rates", _button("Fetch rates"), "Error: Timeout of {n}ms exceeded", "fetchRates"),
    Bug("/links", _button("Follow"), 'Error: No route matches "/orders/{uuid}"', "resolveRoute"),
    Bug("/calendar", _button("Next free day"), "RangeError: Invalid date: {date}", "formatDate"),
    Bug("/import", _button("Import"), "SyntaxError: Unexpected token < in JSON at position {m}", "parseFile"),
    Bug("/tree/{uuid}", _button("Unfold"), "RangeError: Maximum call stack size exceeded", "layoutTree"),
    Bug("/editor/{n}", _button("Keep draft"), "QuotaExceededError: {n} bytes do not fit", "saveDraft"),
    Bug("/cart", _button("Reorder"), "Error: Item {n} of cart {m} has no price", "priceOf"),
    Bug("/account", _button("Stay logged in"), "Error: expected token={hex} to be valid", "refreshToken"),
    Bug("/devices/{n}", _button("Connect"), "Error: Cannot connect to 10.0.{m}.17:8080", "connectDevice"),
    Bug("/charts", _button("Draw"), "TypeError: t.series is not iterable", "n", minified=True),
    Bug("/charts", _button("Zoom to fit"), "TypeError: e.bounds is not a function", "r", minified=True),
    Bug("/inbox", _button("Sort"), "TypeError: messages.toSorted is not a function", "sortMessages", again=4),
)
_PRINTED: Final = (
    Bug("/search", _button("Find"), prints="search failed: request {hex} was answered badly", again=3),
    Bug("/pay", _button("Try card"), prints='payment provider answered {{"code":"card_declined","id":"ch_{hex}"}}'),
    Bug(
        "/catalogue",
        _GO,
        prints="rows {n} and {m} of ProductList have the same key",
        at_load=True,
    ),
    Bug("/orders", _GO, prints="rows {n} and {m} of OrderTable have the same key", at_load=True),
    Bug("/offline", _button("Sync"), prints="[sync] {m} of {n} items could not be stored"),
    Bug("/terms", _GO, prints="i18n: missing translation for checkout.title", at_load=True, again=6),
    Bug("/imprint", _GO, prints="i18n: missing translation for cart.title", at_load=True),
)
_ANSWERED: Final = (
    Bug(
        "/checkout",
        _button("Pay now"),
        "Error: order {n} was refused",
        "payNow",
        request=("POST", "/api/orders", 500),
        rage=0.4,
    ),
    Bug("/checkout", _button("Pay with points"), request=("POST", "/api/orders", 503), rage=0.3),
    Bug("/products/{n}", _GO, request=("GET", "/api/products/{n}/reviews", 500), at_load=True),
    Bug("/products/{n}", _GO, request=("GET", "/api/products/{n}/stock", 500), at_load=True),
    Bug("/basket", _button("More"), request=("PUT", "/api/cart/{uuid}/items/{n}", 500)),
    Bug("/basket", _button("Remove"), request=("DELETE", "/api/cart/{uuid}/items/{n}", 500)),
    Bug(
        "/find",
        _button("Search"),
        prints="find: {word} was answered with 503",
        request=("GET", "/api/search?q={word}&page={m}", 503),
        toast="Search is not available right now",
    ),
    Bug("/graph", _button("Check out"), request=("POST", "/graphql?operationName=Checkout", 500)),
    Bug("/graph", _button("Profile"), request=("POST", "/graphql?operationName=Profile", 500)),
    Bug("/history", _GO, request=("GET", "/api/v2/users/{n}/orders", 404), at_load=True),
    Bug("/reports/{n}", _GO, request=("GET", "/api/v1/reports/{uuid}/pages/{m}", 404), at_load=True, again=3),
    Bug("/files", _button("Share"), request=("POST", "/api/files/{hex}/share", 403)),
    Bug("/preferences", _SAVE, request=("PATCH", "/api/preferences", 405)),
    Bug("/plan", _GO, request=("GET", "/api/tenants/{n}/plan", 410), at_load=True),
    Bug("/nearby", _button("Locate"), request=("GET", "/api/geo/{n}/{m}", 502)),
)
_PRESSED: Final = (
    Bug("/profile", _SAVE, dead=True),
    Bug("/billing", _SAVE, dead=True, rage=0.3),
    Bug("/onboarding/{m}", _button("Continue"), dead=True, rage=1.0),
    Bug("/delivery", _button("Continue"), dead=True, rage=1.0),
    Bug("/exports/{uuid}", _button("As a table", test_id="export-csv"), dead=True),
    Bug("/threads/{uuid}", Control("↩", label="Reply"), dead=True, rage=1.0),
    Bug("/catalogue", _button("Show {n} more", tag="a"), dead=True, rage=1.0),
    Bug("/products/{n}", _button("Add to cart"), dead=True, rage=0.8),
    Bug("/home", Control("Spring sale", tag="div", css="card card--promo"), rage=1.0, dead=True),
    Bug("/wishes", _button("Put into cart", test_id="add-{n}"), dead=True, rage=0.5),
    Bug("/queue", _button("Approve request {n}"), dead=True),
)
_SHOWN: Final = (
    Bug("/me", _button("Update"), toast="Could not save your profile"),
    Bug("/gallery", _button("Upload"), toast="Upload of photo-{n}.jpg failed"),
    Bug("/support", _button("Send"), toast="Something went wrong (ref {ref})"),
    Bug("/bills", _button("Send"), toast="Something went wrong (ref {ref})"),
    Bug(
        "/deals/{n}",
        _button("Bundles"),
        "TypeError: Cannot read properties of undefined (reading 'price')",
        "drawOffer",
        blank=True,
    ),
    Bug("/map/{uuid}", _button("Satellite"), blank=True),
)
_CHAINS: Final = (
    Bug(
        "/profile/edit",
        _button("Save profile"),
        "Error: profile {n} was not saved",
        "saveProfile",
        "save failed: {hex}",
        ("PUT", "/api/profile/{n}", 500),
        "Your profile could not be saved",
        dead=True,
        rage=1.0,
        again=2,
    ),
    Bug(
        "/contact",
        _button("Submit"),
        "TypeError: form.fields is undefined",
        "submitForm",
        toast="Sending failed",
        dead=True,
        rage=0.7,
    ),
)

BUGS: Final[tuple[Bug, ...]] = (*_THROWN, *_PRINTED, *_ANSWERED, *_PRESSED, *_SHOWN, *_CHAINS)


def sessions(number: int, start_ms: int, seed: int = 11) -> Iterator[tuple[Batch, int | None]]:
    """Posts of so many sessions, each with the number of the bug that is met in it, or None."""
    # Some bugs are met often, some hardly ever; none less than once in 500 sessions.
    weights = [1 / (1 + place) + 0.12 for place in range(len(BUGS))]
    random.Random(seed).shuffle(weights)
    for index in range(number):
        yield from _session(index, start_ms + index * 40, random.Random(f"{seed}/{index}"), weights)


def _session(
    index: int, at: int, random_: random.Random, weights: Sequence[float]
) -> Iterator[tuple[Batch, int | None]]:
    session_id, release = f"g-{index:06d}", random_.choice(_RELEASES)
    draw = random_.random()
    met = 0 if draw < CLEAN else 2 if draw > 1 - BUGS_MET_TWICE else 1
    numbers: list[int | None] = list(dict.fromkeys(random_.choices(range(len(BUGS)), weights, k=met)))
    numbers.insert(random_.randint(0, len(numbers)), None)
    for place, bug_number in enumerate(numbers):
        window = _window(random_, at, release, None if bug_number is None else BUGS[bug_number])
        at = window.now + 800
        body = post(session_id, f"w{place}", window, release, f"user-{index % 3_000}")
        yield Batch(session_id, f"w{place}", 0, body), bug_number


def _window(random_: random.Random, at: int, release: str, bug: Bug | None) -> Window:
    drawn = _draw(random_)
    if bug is None:
        window = Window(random_, at, "https://shop.test/home", [_GO])
        window.request("GET", "/api/session", 200)
        window.click(_GO)
        window.reacts()
    else:
        control = bug.control.numbered(random_.randint(2, 9_000))
        window = Window(
            random_,
            at,
            "https://shop.test" + _filled(bug.route, drawn) + random_.choice(("", "?ref=mail", "#top")),
            [control, _button("Help")],
        )
        window.request("GET", "/api/session", 200)
        window.waits(900)
        _meet(window, bug, control, release)
        if random_.random() < 0.5 and not bug.blank:
            window.waits(7_500)
            window.click(_button("Help"))
            window.reacts()
    for _ in range(random_.randint(2, 6)):
        window.moves()
    window.waits(random_.randint(200, 6_000))
    window.moves()
    return window


def _meet(window: Window, bug: Bug, control: Control, release: str) -> None:
    random_ = window.random
    for turn in range(random_.randint(1, bug.again)):
        window.waits(1_500 if turn else 0)
        if not bug.at_load:
            window.click(control)
        _fail(window, bug, release)
    if random_.random() < bug.rage:
        window.waits(3_000 if bug.dead else 600)
        window.rages(control, random_.randint(4, 7) + (2 if control.tag == "div" else 0))
        if not bug.dead:
            _fail(window, bug, release)
        window.waits(3_200)
    if bug.prints and not (bug.throws or bug.request):
        window.reacts()
    elif not bug.at_load:
        window.waits(2_800)


def _fail(window: Window, bug: Bug, release: str) -> None:
    drawn = _draw(window.random)
    if bug.request:
        method, path, status = bug.request
        window.request(method, _filled(path, drawn), status, window.random.randint(30, 400))
    if bug.throws:
        window.throws(_filled(bug.throws, drawn), _stack(bug, release, window.random))
    if bug.prints:
        window.prints(_filled(bug.prints, drawn))
    if bug.toast and (window.random.random() < 0.7 or not (bug.throws or bug.request)):
        window.toasts(_filled(bug.toast, drawn))
    if bug.blank:
        window.goes_blank()
        window.waits(4_200)


def _stack(bug: Bug, release: str, random_: random.Random) -> str:
    """Two frames of the app and one of a library, in a bundle that is another one in each release."""
    salt = random.Random(f"{release} {bug.by} {bug.route}")
    bundle = f"https://shop.test/assets/index-{salt.getrandbits(32):08x}.js"
    line = salt.randint(1, 900)
    frames = [f"{bug.by} ({bundle}:{line}:{salt.randint(1, 90)})", f"onClick ({bundle}:{line + 40}:7)"]
    if bug.by == "layoutTree":
        frames = frames[:1] * random_.randint(8, 30)
    vendor = f"https://shop.test/assets/vendor-{salt.getrandbits(32):08x}.js"
    return "\n".join(f"    at {frame}" for frame in [*frames, f"invoke ({vendor}:2:{salt.randint(1, 9_000)})"])


def _draw(random_: random.Random) -> dict[str, str]:
    bits = random_.getrandbits
    uuid = f"{bits(32):08x}-{bits(16):04x}-4{bits(12):03x}-a{bits(12):03x}-{bits(48):012x}"
    return {
        "n": str(random_.randint(100, 99_999)),
        "m": str(random_.randint(1, 99)),
        "hex": f"{bits(64):016x}",
        "uuid": uuid,
        "email": f"{random_.choice(_WORDS)}.{bits(10)}@example.com",
        "date": f"2026-{random_.randint(1, 12):02d}-{random_.randint(1, 28):02d}T10:22:{random_.randint(10, 59)}Z",
        "ref": f"{bits(24):06X}",
        "word": random_.choice(_WORDS),
    }


def _filled(text: str, drawn: dict[str, str]) -> str:
    filled = text.replace("{{", "\0").replace("}}", "\1")
    for name, value in drawn.items():
        filled = filled.replace(f"{{{name}}}", value)
    return filled.replace("\0", "{").replace("\1", "}")
