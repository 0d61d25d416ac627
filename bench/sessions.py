"""Generated visits of a made-up shop, as our recorder sends them: the same for the same seed.

A visit is what recordings of real shops are: mostly pages (a snapshot, then a mutation for each navigation), mostly
small events (pointer, clicks, typing, requests, what the page does in answer). One visitor in ten meets one of several
faults. Belongs here: what visitors do. Does not: what the pages hold (shop_pages).
"""

import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.shop_pages import (
    BODY,
    CART,
    CHECKOUT,
    LISTINGS,
    ORIGIN,
    PRODUCTS,
    Control,
    Page,
    header_nodes,
    loaded_page,
    navigated_page,
)

BATCHES = 5
FAULTY_EVERY = 10
RELEASES = ("2026.11.1", "2026.11.2")
_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"
_BUNDLE = f"{ORIGIN}/assets/app-3f2a1b9c.js"
# The last texts of the header: what is in the cart, and who is signed in.
_COUNT, _PERSON = BODY + header_nodes() - 2, BODY + header_nodes()
_TERMS = ("rope", "lamp 12v", "oilskin", "teak", "brass polish")


@dataclass(frozen=True)
class Batch:
    """One SDK post: its identity, and its JSON as `encoding` says ('' or gzip)."""

    session_id: str
    window_id: str
    sequence: int
    body: bytes
    encoding: str = ""


def session(number: int, start_ms: int, seed: int = 7, *, encoding: str = "") -> Iterator[Batch]:
    """A visit of about two minutes: about 130 KB of JSON and 300 events in five posts."""
    visit = _Visit(random.Random(f"{seed}/{number}"), start_ms)
    visit.shop(_FAULTS[number // FAULTY_EVERY % len(_FAULTS)] if number % FAULTY_EVERY == 0 else None)
    session_id, window_id = f"s-{seed}-{number:07d}", f"w-{number:07d}"
    size = -(-len(visit.events) // BATCHES)
    for sequence in range(BATCHES):
        events = visit.events[sequence * size : (sequence + 1) * size]
        facts = {
            "sessionId": session_id,
            "windowId": window_id,
            "sequence": sequence,
            "flushType": "final" if sequence == BATCHES - 1 else "normal",
            "sentAt": visit.times[min((sequence + 1) * size, len(visit.times)) - 1] + 40,
            "distinctId": f"user-{number % 4_999}",
            "metadata": {"url": visit.url, "userAgent": _AGENT, "viewport": {"width": 1280, "height": 720}},
            "sdk": {"name": "@retrace/browser", "version": "0.1.0"},
            "release": RELEASES[number % 2],
        }
        body = f'{_json(facts)[:-1]},"events":[{",".join(events)}]}}'.encode()
        yield Batch(session_id, window_id, sequence, gzip.compress(body, 6) if encoding == "gzip" else body, encoding)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _Visit:
    """What one visitor does, written down as events."""

    def __init__(self, random_: random.Random, start_ms: int) -> None:
        self.random = random_
        self.now = start_ms
        self.events: list[str] = []
        self.times: list[int] = []
        self.url = ""
        self._page: Page
        self._base = 1
        self._next_id = 1
        self._main = 0
        self._pointer = (640, 360)
        self._in_cart = 0

    def shop(self, fault: "_Fault | None") -> None:
        """Look around, put things into the cart, perhaps meet a fault, and leave."""
        chosen = self.random
        self._land(chosen.randrange(LISTINGS))
        self._browse(chosen.randint(8, 10))
        self._navigate(chosen.choice((chosen.randrange(LISTINGS), LISTINGS + chosen.randrange(PRODUCTS))))
        self._browse(chosen.randint(5, 7))
        self._navigate(fault.page if fault else chosen.choice((CART, CHECKOUT)))
        if fault:
            fault.meet(self)
        if self.url.endswith("checkout"):
            for box in [control for control in self._page.controls if control.role == "textbox"]:
                self._type(box, chosen.randint(6, 14))
        self._browse(chosen.randint(3, 5))

    # What the browser reports.

    def emit(self, kind: int, data: str, after_ms: int = 0) -> None:
        """Add an event some milliseconds after the one before."""
        self.now += after_ms
        self.times.append(self.now)
        self.events.append(f'{{"type":{kind},"data":{data},"timestamp":{self.now}}}')

    def request(self, method: str, path: str, status: int, took_ms: int) -> None:
        """Add a request that was answered."""
        trace = f"{self.random.getrandbits(128):032x}"
        payload = (
            f'{{"kind":"fetch","method":"{method}","url":"{ORIGIN}{path}","status":{status},'
            f'"startedAt":{self.now},"durationMs":{took_ms},"trace":{{"traceId":"{trace}"}}}}'
        )
        self.emit(6, f'{{"plugin":"retrace/network@1","payload":{payload}}}', took_ms)

    def exception(self, kind: str, message: str, at: str) -> None:
        """Add an exception that nobody caught."""
        frames = (f"{at} ({_BUNDLE}:1:{991 + len(at)})", f"HTMLButtonElement.<anonymous> ({_BUNDLE}:1:88)")
        stack = "\n    at ".join((message, *frames))
        payload = {"kind": kind, "message": message, "stack": stack, "url": self.url}
        self.emit(6, _json({"plugin": "retrace/exception@1", "payload": payload}), 3)

    def console(self, level: str, text: str) -> None:
        """Add a line of the console."""
        payload = {"level": level, "payload": [text], "url": self.url}
        self.emit(6, _json({"plugin": "retrace/console@1", "payload": payload}), 2)

    def toast(self, text: str) -> None:
        """Show a message, and take it away again."""
        box, words = self._next_id, self._next_id + 1
        self._next_id += 2
        node = (
            f'{{"type":2,"tagName":"div","attributes":{{"class":"toast","role":"status"}},"childNodes":[],"id":{box}}}'
        )
        text_node = f'{{"type":3,"textContent":{_json(text)},"id":{words}}}'
        self._mutate(
            f'{{"parentId":{BODY},"nextId":null,"node":{node}}},{{"parentId":{box},"nextId":null,"node":{text_node}}}'
        )
        self._mutate("", removes=f'{{"parentId":{BODY},"id":{box}}}', after_ms=1_900)

    # What the visitor does.

    def click(self, control: Control, after_ms: int = 350) -> None:
        """Press a control the pointer is at."""
        node = self._base + control.offset
        x, y = self._pointer
        place = f'"id":{node},"x":{x},"y":{y}'
        self.emit(3, f'{{"source":2,"type":1,{place}}}', after_ms)
        self.emit(3, f'{{"source":2,"type":5,"id":{node}}}', 2)
        self.emit(3, f'{{"source":2,"type":0,{place}}}', 70)
        test_id = f'"testIdAttrName":"data-testid","testIdValue":"{control.test_id}",' if control.test_id else ""
        target = (
            f'{{"tagName":"{control.tag}","interactive":true,{test_id}"className":"button","role":"{control.role}",'
            f'"accessibleName":{_json(control.name)},"text":{_json(control.name)}}}'
        )
        payload = f'{{"x":{x},"y":{y},"button":0,"target":{target},"url":"{self.url}","nodeId":{node}}}'
        self.emit(6, f'{{"plugin":"retrace/click@1","payload":{payload}}}', 1)
        self.emit(3, f'{{"source":2,"type":2,{place},"pointerType":0}}')

    def find(self, name: str) -> Control:
        """A control of the page by its name, else any."""
        named = [control for control in self._page.controls if control.name == name]
        return self.random.choice(named or self._page.controls)

    def approach(self, control: Control) -> None:
        """Move the pointer to a control along a curve, as hands do."""
        x0, y0 = self._pointer
        x1, y1 = control.x + self.random.randint(-9, 9), control.y + self.random.randint(-5, 5)
        bend = self.random.randint(-60, 60)
        steps = 10
        for _ in range(self.random.randint(2, 3)):
            positions = []
            for step in range(steps):
                part = (step + 1) / steps
                eased = part * part * (3 - 2 * part)
                x = x0 + (x1 - x0) * eased + bend * eased * (1 - eased)
                y = y0 + (y1 - y0) * eased
                over = self._base + int(x * 7 + y) % self._page.nodes
                positions.append(f'{{"x":{x:.0f},"y":{y:.0f},"id":{over},"timeOffset":{50 * (step - steps + 1)}}}')
            self.emit(3, f'{{"source":1,"positions":[{",".join(positions)}]}}', 520)
            (x0, y0), (x1, y1) = (x1, y1), (control.x, control.y)
        self._pointer = (control.x, control.y)

    def _land(self, number: int) -> None:
        self._page = loaded_page(number)
        self.url = self._page.url
        self._next_id = 1 + self._page.nodes
        self._main = BODY + header_nodes() + 1
        self.emit(4, f'{{"href":"{self.url}","width":1280,"height":720}}')
        self.emit(2, f'{{"node":{self._page.json(1)},"initialOffset":{{"left":0,"top":0}}}}', 20)
        self.request("GET", "/api/session", 200, 31)
        if self.random.random() < 0.4:
            self._text(_PERSON, f"Signed in as anna.{self.random.randrange(10_000)}@example.com")

    def _navigate(self, number: int) -> None:
        page = navigated_page(number)
        target = self.find("Cart") if number >= CART else self.random.choice(self._page.controls)
        self.approach(target)
        self.click(target)
        self._page, self.url = page, page.url
        self.request("GET", f"/api{page.url.removeprefix(ORIGIN)}", 200, self.random.randint(20, 160))
        removes = f'{{"parentId":{BODY},"id":{self._main}}}'
        self._mutate(page.json(self._next_id), removes=removes, after_ms=12)
        self._base = self._main = self._next_id
        self._next_id += page.nodes
        self.emit(3, '{"source":3,"id":1,"x":0,"y":0}', 15)

    def _browse(self, acts: int) -> None:
        for _ in range(acts):
            chosen = self.random.random()
            self.now += self.random.randint(300, 2_500)
            if chosen < 0.3:
                self._scroll()
            elif chosen < 0.4:
                self._search()
            else:
                self._use(self.find("Add to cart"))

    def _scroll(self) -> None:
        y = self.random.randint(0, 1_500)
        for _ in range(self.random.randint(3, 6)):
            y += self.random.randint(40, 260)
            self.emit(3, f'{{"source":3,"id":1,"x":0,"y":{y}}}', 110)
            self._attributes("card card--seen")

    def _use(self, control: Control) -> None:
        self.approach(control)
        self.click(control)
        self._in_cart += 1
        self._attributes("button button--busy")
        self.request("POST", "/api/cart/items", 201, self.random.randint(25, 180))
        self._text(_COUNT, str(self._in_cart))
        self._attributes("button button--primary")
        if self._in_cart % 3 == 0:
            self.toast(f"{self._in_cart} items in your cart")

    def _search(self) -> None:
        box = self.find("Search")
        self._type(box, self.random.randint(4, 8))
        self.request("GET", f"/api/search?q={self.random.choice(_TERMS).replace(' ', '+')}", 200, 64)
        self._attributes("results results--open")
        if self.random.random() < 0.3:
            self.console("warn", f"search took {self.random.randint(60, 900)} ms")

    def _type(self, box: Control, characters: int) -> None:
        self.approach(box)
        self.click(box)
        for length in range(1, characters + 1):
            masked = f'{{"source":5,"text":"{"*" * length}","isChecked":false,"id":{self._base + box.offset}}}'
            self.emit(3, masked, self.random.randint(60, 240))

    # What the page does in answer.

    def _mutate(self, adds: str, *, removes: str = "", texts: str = "", changes: str = "", after_ms: int = 8) -> None:
        self.emit(
            3,
            f'{{"source":0,"texts":[{texts}],"attributes":[{changes}],"removes":[{removes}],"adds":[{adds}]}}',
            after_ms,
        )

    def _text(self, node: int, text: str) -> None:
        self._mutate("", texts=f'{{"id":{node},"value":{_json(text)}}}')

    def _attributes(self, css: str) -> None:
        node = self._base + self.random.randrange(self._page.nodes)
        self._mutate("", changes=f'{{"id":{node},"attributes":{{"class":"{css}"}}}}')


def _order_fails(visit: _Visit) -> None:
    pay = visit.find("Pay now")
    visit.approach(pay)
    visit.click(pay)
    visit.request("POST", "/api/orders", 500, 412)
    visit.exception(
        "unhandledrejection", f"Error: Order {visit.random.randint(1000, 9999)} could not be placed", "place"
    )


def _nothing_happens(visit: _Visit) -> None:
    pay = visit.find("Go to checkout")
    visit.approach(pay)
    for _ in range(visit.random.randint(4, 6)):
        visit.click(pay, 90)


def _handler_throws(visit: _Visit) -> None:
    coupon = visit.find("Apply coupon")
    visit.approach(coupon)
    visit.click(coupon)
    visit.exception("onerror", "TypeError: Cannot read properties of undefined (reading 'total')", "applyCoupon")


def _search_is_down(visit: _Visit) -> None:
    visit.request("GET", f"/api/search?q={visit.random.choice(_TERMS).replace(' ', '+')}", 503, 1_204)
    visit.console("error", f"search failed: request {visit.random.getrandbits(48):012x} was answered with 503")
    visit.toast("Search is not available right now")


def _reviews_are_missing(visit: _Visit) -> None:
    visit.request("GET", f"/api/products/{visit.random.randint(1, 900)}/reviews", 404, 18)
    visit.console("error", f"reviews of product {visit.random.randint(1, 900)} are missing")


@dataclass(frozen=True)
class _Fault:
    """What is broken, and on which page."""

    page: int
    meet: Callable[[_Visit], None]


_FAULTS = (
    _Fault(CHECKOUT, _order_fails),
    _Fault(CART, _nothing_happens),
    _Fault(CHECKOUT, _handler_throws),
    _Fault(CART, _search_is_down),
    _Fault(LISTINGS, _reviews_are_missing),
)
