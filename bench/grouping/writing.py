"""Writing a page load as a recorder would: a small page, what somebody does on it and what comes of it.

Belongs here: the shape of events. Does not: which bugs there are (`bugs`).
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]

_BODY: Final = 4
_SENTENCES: Final = (
    "Dry and well kept.",
    "Made by hand on the quay.",
    "Back with the next boat.",
    "Two years of warranty.",
)


@dataclass(frozen=True)
class Control:
    """Something to press: `{n}` in its name or test id is another number in every session."""

    name: str
    tag: str = "button"
    test_id: str = ""
    css: str = ""
    label: str = ""

    def numbered(self, number: int) -> "Control":
        """The control as one session sees it."""
        return Control(
            self.name.replace("{n}", str(number)),
            self.tag,
            self.test_id.replace("{n}", str(number)),
            self.css,
            self.label.replace("{n}", str(number)),
        )


class Window:
    """One page load; times are milliseconds since 1970."""

    def __init__(self, random_: random.Random, at: int, url: str, controls: Sequence[Control]) -> None:
        self.random = random_
        self.now = at
        self.url = url
        self.events: list[Json] = []
        self._next_id = 1
        self._nodes: dict[str, int] = {}
        self.emit(4, {"href": url, "width": 1280, "height": 800}, 0)
        self.emit(2, {"node": self._page(controls), "initialOffset": {"left": 0, "top": 0}}, 20)

    def emit(self, kind: int, data: Json, after_ms: int) -> None:
        """Add an event some milliseconds after the one before."""
        self.now += after_ms
        self.events.append({"type": kind, "data": data, "timestamp": self.now})

    def waits(self, ms: int) -> None:
        """Let time pass."""
        self.now += ms

    def plugin(self, name: str, payload: Json, after_ms: int) -> None:
        """Add an event of the recorder's own."""
        self.emit(6, {"plugin": f"retrace/{name}@1", "payload": payload}, after_ms)

    def request(self, method: str, path: str, status: int, took_ms: int = 140) -> None:
        """A request is answered; it goes out at once."""
        started = self.now + 4
        url = path if path.startswith("http") else f"https://shop.test{path}"
        payload = {"kind": "fetch", "method": method, "url": url, "status": status}
        self.plugin("network", payload | {"startedAt": started, "durationMs": took_ms}, took_ms + 4)

    def throws(self, message: str, stack: str, kind: str = "onerror", after_ms: int = 3) -> None:
        """An exception that nobody catches."""
        payload = {"kind": kind, "message": message, "stack": f"{message}\n{stack}", "url": self.url}
        self.plugin("exception", payload, after_ms)

    def prints(self, text: str, level: str = "error", after_ms: int = 5) -> None:
        """A line of the console."""
        self.plugin("console", {"level": level, "payload": [text], "url": self.url}, after_ms)

    def click(self, control: Control, after_ms: int = 700) -> None:
        """Press a control."""
        node = self._nodes[control.name]
        x, y = 200 + node, 300
        place = {"id": node, "x": x, "y": y}
        self.emit(3, {"source": 2, "type": 1, **place}, after_ms)
        self.emit(3, {"source": 2, "type": 0, **place}, 60)
        target: Json = {"tagName": control.tag, "interactive": control.tag in ("button", "a"), "className": control.css}
        if control.tag in ("button", "a"):
            role = "button" if control.tag == "button" else "link"
            name = control.label or control.name
            target |= {"role": role, "accessibleName": name, "text": control.name}
        if control.test_id:
            target |= {"testIdAttrName": "data-testid", "testIdValue": control.test_id}
        payload = {"x": x, "y": y, "button": 0, "target": target, "url": self.url, "nodeId": node}
        self.plugin("click", payload, 1)
        self.emit(3, {"source": 2, "type": 2, **place, "pointerType": 0}, 0)

    def rages(self, control: Control, times: int) -> None:
        """Press a control again and again."""
        self.click(control)
        for _ in range(times - 1):
            self.click(control, self.random.randint(70, 140))

    def reacts(self) -> None:
        """The page does what was asked: a text that stays."""
        node = {"type": 2, "tagName": "p", "attributes": {}, "childNodes": [], "id": self._new()}
        words = {"type": 3, "textContent": self.random.choice(_SENTENCES), "id": self._new()}
        adds: list[Json] = [
            {"parentId": self._nodes["main"], "nextId": None, "node": node},
            {"parentId": node["id"], "nextId": None, "node": words},
        ]
        self._mutates(adds, 25)

    def toasts(self, text: str, css: str = "toast toast-error", after_ms: int = 30) -> None:
        """An error message that goes away."""
        attributes = {"class": css, "role": "alert"}
        box = {"type": 2, "tagName": "div", "attributes": attributes, "childNodes": [], "id": self._new()}
        words = {"type": 3, "textContent": text, "id": self._new()}
        adds: list[Json] = [
            {"parentId": _BODY, "nextId": None, "node": box},
            {"parentId": box["id"], "nextId": None, "node": words},
        ]
        self._mutates(adds, after_ms)
        self.waits(3_000)
        self._mutates([], 0, removes=[{"parentId": _BODY, "id": box["id"]}])

    def goes_blank(self) -> None:
        """Everything on the page goes."""
        self._mutates([], 15, removes=[{"parentId": _BODY, "id": self._nodes["root"]}])

    def moves(self) -> None:
        """The pointer wanders."""
        places = [{"x": self.random.randint(0, 900), "y": 300, "id": _BODY, "timeOffset": 0}]
        self.emit(3, {"source": 1, "positions": places}, 500)

    def _mutates(self, adds: list[Json], after_ms: int, removes: Sequence[Json] = ()) -> None:
        data = {"source": 0, "texts": [], "attributes": [], "removes": list(removes), "adds": adds}
        self.emit(3, data, after_ms)

    def _new(self) -> int:
        self._next_id += 1
        return self._next_id

    def _element(self, tag: str, attributes: Json, *children: Json) -> Json:
        return {"type": 2, "tagName": tag, "attributes": attributes, "childNodes": list(children), "id": self._new()}

    def _text(self, text: str) -> Json:
        return {"type": 3, "textContent": text, "id": self._new()}

    def _page(self, controls: Sequence[Control]) -> Json:
        """A document whose list is never equally long: rrweb ids differ from session to session."""
        document: Json = {"type": 0, "childNodes": [], "id": self._next_id}
        head = self._element("head", {})
        html = self._element("html", {"lang": "en"}, head)
        body = self._element("body", {})
        assert body["id"] == _BODY
        lines = [
            self._element("li", {}, self._text(self.random.choice(_SENTENCES)))
            for _ in range(self.random.randint(2, 12))
        ]
        pressed = [self._control(control) for control in controls]
        heading = self._element("h1", {}, self._text("Tidewater"))
        main = self._element("main", {}, heading, self._element("ul", {}, *lines), *pressed)
        root = self._element("div", {"id": "root"}, main)
        self._nodes |= {"main": main["id"], "root": root["id"]}
        body["childNodes"].append(root)
        html["childNodes"].append(body)
        document["childNodes"].append(html)
        return document

    def _control(self, control: Control) -> Json:
        attributes = {"class": control.css} if control.css else {}
        attributes |= {"data-testid": control.test_id} if control.test_id else {}
        attributes |= {"aria-label": control.label} if control.label else {}
        attributes |= {"href": "/elsewhere"} if control.tag == "a" else {}
        element = self._element(control.tag, attributes, self._text(control.name))
        self._nodes[control.name] = element["id"]
        return element


def post(session_id: str, window_id: str, window: Window, release: str, user: str) -> bytes:
    """A window as one post."""
    body = {
        "sessionId": session_id,
        "windowId": window_id,
        "sequence": 0,
        "flushType": "final",
        "sentAt": window.now + 60,
        "distinctId": user,
        "release": release,
        "metadata": {"url": window.url},
        "sdk": {"name": "@retrace/browser", "version": "0.1.0"},
        "events": window.events,
    }
    return json.dumps(body, separators=(",", ":")).encode()
