"""What a person did in a recording: the acts that a test can do again, in order.

Belongs here: telling acts of a person from what the page does by itself. Does not: finding elements again (locators),
leaving acts out (cutting).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, NamedTuple

from retrace_assets.specs.recording import RecordedEvent, RecordedWindow
from retrace_core.accessible import input_type_of
from retrace_core.dom import RecordedDom, Target
from retrace_core.events import (
    CLICK,
    CUSTOM,
    FULL_SNAPSHOT,
    INCREMENTAL,
    INPUT,
    META,
    MOUSE_INTERACTION,
    MUTATION,
    PLUGIN,
    TOUCH_END,
)
from retrace_core.nodes import Node

ActKind = Literal["navigate", "click", "fill", "check", "select", "press", "upload", "dialog", "hover"]

# rrweb's other MouseInteractions.
_MOUSE_DOWN, _CONTEXT_MENU, _DOUBLE_CLICK, _FOCUS, _TOUCH_START = 1, 3, 4, 5, 7
# A page, or an address, that comes so soon after an act is its consequence (recording-to-test.md, rule 8).
FOLLOWS_MS: Final = 3_000
# Programs fill what they have just added; people take longer (rule 4).
_FRESH_MS: Final = 100
# A click on a box and the change of its state are one act.
_ONE_ACT_MS: Final = 500
# Recorders of touch screens tell of the touch and of the click.
_SAME_TAP_MS: Final = 400
_LABEL_MS: Final = 50
# What a handler changes without asking anybody, and most of what it asks for, is there by then.
_CHANGES_MS: Final = 1_000
_MASK: Final = frozenset("*•●")
_SPACE: Final = frozenset(" \t\r\n\u00a0")
_CHECKED_TYPES: Final = ("checkbox", "radio")
# Enter in a field whose page empties it: what was typed went somewhere.
_SENT_CHARS: Final = 2
_FILES: Final = "file"
_MODIFIERS: Final = {"ctrl": "Control", "meta": "Meta", "alt": "Alt", "shift": "Shift"}


class Place(NamedTuple):
    """Where in the windows that are played an act happened: right before it the page was as its element is sought."""

    window: int
    event: int


class Labels(NamedTuple):
    """What our recorder read on a control that its page masks, where these mean it alone."""

    aria_label: str
    placeholder: str


@dataclass(frozen=True, slots=True)
class Act:
    """One act. `follows` is where the page went because of it: the address, if it did; `changed` whether anything in
    the page did right after it.

    `text` is what is in the field then (masked where it was), the chosen option's label, the key, or the address;
    `typed` whether it came key by key.
    """

    kind: ActKind
    at_ms: float
    place: Place
    event_id: str
    node_id: int | None = None
    target: Target | None = None
    text: str = ""
    url: str = ""
    checked: bool = True
    typed: bool = False
    double: bool = False
    button: Literal["left", "right"] = "left"
    count: int = 1
    index: int | None = None
    navigation: Literal["goto", "reload", "back"] = "goto"
    follows: str = ""
    changed: bool = False
    files: tuple[str, ...] = ()
    accept: bool = True
    labels: Labels | None = None
    ended_ms: float = field(default=0.0)

    @property
    def is_masked(self) -> bool:
        """Whether what was entered is not known."""
        return is_masked(self.text)

    def is_on(self, other: "Act") -> bool:
        """Whether both are on the same control: ids of nodes change when a page is drawn anew."""
        return self.target is not None and self.target == other.target


def is_masked(text: str) -> bool:
    """Whether a recorder put stars in the place of what was there."""
    words = set(text) - _SPACE
    return bool(words) and words <= _MASK


def acts_of(windows: Sequence[RecordedWindow], until_ms: float) -> list[Act]:
    """Play windows up to a time and give the acts; the first opens a page."""
    player = _Player()
    for number, window in enumerate(windows):
        player.begin(number)
        for index, recorded in enumerate(window.events):
            if recorded.at_ms > until_ms:
                break
            player.play(recorded, Place(number, index))
    return player.acts


class _Player:
    """The page and the acts so far."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self._url = ""
        self.begin(0)

    def begin(self, window: int) -> None:
        self._dom = RecordedDom()
        self._labels: dict[int, Labels] = {}
        self._added_at: dict[int, float] = {}
        self._focus: int | None = None
        self._has_page = False

    def play(self, recorded: RecordedEvent, place: Place) -> None:
        event = recorded.event
        kind, data = event.get("type"), event.get("data")
        if not isinstance(data, dict):
            return
        if kind == META:
            self._arrive(recorded, place, str(data.get("href") or ""))
        elif kind in (PLUGIN, CUSTOM):
            self._told(recorded, place, data)
        elif kind == INCREMENTAL and data.get("source") == MOUSE_INTERACTION:
            self._interact(recorded, place, data)
        elif kind == INCREMENTAL and data.get("source") == INPUT:
            self._enter(recorded, place, data)
        if kind == FULL_SNAPSHOT:
            self._has_page, self._focus = True, None
            self._added_at.clear()
            self._labels.clear()
        if kind == INCREMENTAL and data.get("source") == MUTATION:
            self._note_change(data, recorded.at_ms)
        self._dom.apply(event)

    # --- where the page is -----------------------------------------------------------------------------------------

    def _arrive(self, recorded: RecordedEvent, place: Place, url: str) -> None:
        """A page load: by an act right before, or by its address."""
        if not url:
            return
        last = self.acts[-1] if self.acts else None
        if last and place.window == last.place.window and self._url == url:
            # A recorder that begins anew tells where it is.
            return
        self._went(recorded, place, url, "reload" if last and url == self._url else "goto")

    def _went(self, recorded: RecordedEvent, place: Place, url: str, how: Literal["goto", "reload", "back"]) -> None:
        last = self.acts[-1] if self.acts else None
        follows = last is not None and last.kind != "navigate" and recorded.at_ms - last.ended_ms <= FOLLOWS_MS
        if last is not None and follows and how != "reload":
            # Forms that are sent by a key leave no other trace in most recordings.
            if last.kind == "fill" and place.window != last.place.window:
                last = self._press("Enter", last)
            self.acts[-1] = replace(last, follows=url)
        elif last is None or url != last.url or how != "goto" or last.kind != "navigate":
            self._add(Act("navigate", recorded.at_ms, place, recorded.event_id, text=url, navigation=how))
        self._url = url

    # --- what other recorders, or ours, tell -----------------------------------------------------------------------

    def _told(self, recorded: RecordedEvent, place: Place, data: dict[str, Any]) -> None:
        name, payload = str(data.get("plugin") or data.get("tag") or ""), data.get("payload")
        if not isinstance(payload, dict):
            return
        self._told_of_control(payload)
        match name:
            case "retrace/nav@1":
                self._told_of_navigation(recorded, place, payload)
            case "$pageview":
                url = str(payload.get("href") or payload.get("current_url") or "")
                if url and url != self._url:
                    self._went(recorded, place, url, "goto")
            case "retrace/key@1":
                self._told_of_key(recorded, place, payload)
            case "retrace/dialog@1" if payload.get("type") in ("confirm", "prompt"):
                accept = payload.get("answer") is True
                self.acts.insert(
                    max(len(self.acts) - 1, 0), Act("dialog", recorded.at_ms, place, recorded.event_id, accept=accept)
                )
            case "retrace/input@1":
                self._told_of_entry(payload)
            case "retrace/hover@1":
                node = payload.get("nodeId")
                self._act("hover", recorded, place, node if isinstance(node, int) else None)
            case _:
                pass

    def _told_of_navigation(self, recorded: RecordedEvent, place: Place, payload: dict[str, Any]) -> None:
        url, kind = str(payload.get("to") or ""), payload.get("kind")
        if not url or (url == self._url and kind not in ("pop", "reload")):
            return
        if kind == "replace":
            # A page that corrects its own address.
            self._url = url
        elif kind == "pop":
            self._went_back(recorded, place, url)
        elif kind == "reload" and self.acts and self.acts[-1].kind == "navigate":
            self.acts[-1] = replace(self.acts[-1], navigation="reload")
        elif kind == "hash" and self.acts and self.acts[-1].follows:
            # An act leads to one place; a second address so soon was entered.
            self._add(Act("navigate", recorded.at_ms, place, recorded.event_id, text=url))
            self._url = url
        elif kind in ("push", "hash"):
            self._went(recorded, place, url, "goto")

    def _went_back(self, recorded: RecordedEvent, place: Place, url: str) -> None:
        last = self.acts[-1] if self.acts else None
        if last and last.kind == "click" and recorded.at_ms - last.at_ms <= _ONE_ACT_MS:
            # A link to a fragment, or a button that goes back.
            self.acts[-1] = replace(last, follows=url)
        else:
            self._add(Act("navigate", recorded.at_ms, place, recorded.event_id, text=url, navigation="back"))
        self._url = url

    def _told_of_key(self, recorded: RecordedEvent, place: Place, payload: dict[str, Any]) -> None:
        key = payload.get("key")
        modifiers = payload.get("modifiers")
        if not isinstance(key, str) or key in ("Tab", "Shift", "Control", "Alt", "Meta"):
            return
        pressed = "+".join([*(str(each) for each in modifiers or () if isinstance(each, str)), key])
        node = payload.get("nodeId")
        self._act("press", recorded, place, node if isinstance(node, int) else None, text=_playwright_key(pressed))

    def _told_of_entry(self, payload: dict[str, Any]) -> None:
        """What our recorder knows of an entry beside what rrweb tells: the place of an option, kinds of files."""
        node = payload.get("nodeId")
        options, files = payload.get("options"), payload.get("files")
        for number in range(len(self.acts) - 1, max(len(self.acts) - 4, -1), -1):
            act = self.acts[number]
            if act.node_id != node:
                continue
            if act.kind == "select" and isinstance(options, list) and options and isinstance(options[0], int):
                self.acts[number] = replace(act, index=options[0])
            elif act.kind == "upload" and isinstance(files, list):
                kinds = [str(each.get("ext") or "txt") for each in files if isinstance(each, dict)]
                self.acts[number] = replace(act, files=tuple(f".{kind.lstrip('.')}" for kind in kinds) or act.files)
            return

    def _told_of_control(self, payload: dict[str, Any]) -> None:
        target, node = payload.get("target"), self._dom.control(payload.get("nodeId"))
        if not isinstance(target, dict) or node is None or target.get("matchCount") != 1:
            return
        labels = Labels(*(str(target.get(name) or "") for name in ("ariaLabel", "placeholder")))
        self._labels[node.id] = labels
        # What is told of a click or an entry comes right after rrweb's own event of it.
        if self.acts and self.acts[-1].labels is None and self._dom.control(self.acts[-1].node_id) is node:
            self.acts[-1] = replace(self.acts[-1], labels=labels)

    # --- what the pointer does -------------------------------------------------------------------------------------

    def _interact(self, recorded: RecordedEvent, place: Place, data: dict[str, Any]) -> None:
        node, kind = data.get("id"), data.get("type")
        if not isinstance(node, int):
            return
        if kind in (_MOUSE_DOWN, _FOCUS, _TOUCH_START):
            self._focus = node
        elif kind in (CLICK, TOUCH_END):
            self._click(recorded, place, node)
        elif kind == _DOUBLE_CLICK:
            self._double(node)
        elif kind == _CONTEXT_MENU:
            self._act("click", recorded, place, node, button="right")

    def _click(self, recorded: RecordedEvent, place: Place, node: int) -> None:
        last = self.acts[-1] if self.acts else None
        same = last is not None and last.kind == "click" and last.node_id == node
        if last is not None and same and recorded.at_ms - last.at_ms < _SAME_TAP_MS and self._is_touch(last, place):
            return
        # The browser clicks the field of a label by itself.
        if last is not None and last.kind == "click" and not same and self._follows_label(last, recorded, node):
            return
        self._act("click", recorded, place, node)

    def _follows_label(self, last: Act, recorded: RecordedEvent, node: int) -> bool:
        return recorded.at_ms - last.at_ms < _LABEL_MS and self._is_label_of(last.node_id, node)

    def _is_touch(self, last: Act, place: Place) -> bool:
        # A real second click has a press between; a tap is told twice in a row.
        return place.window == last.place.window and place.event - last.place.event <= 2

    def _double(self, node: int) -> None:
        own = [number for number in range(len(self.acts))[-2:] if self.acts[number].kind == "click"]
        if own and self.acts[own[-1]].node_id == node:
            first = self.acts[own[0]]
            del self.acts[own[0] :]
            self.acts.append(replace(first, double=True))

    # --- what is entered -------------------------------------------------------------------------------------------

    def _enter(self, recorded: RecordedEvent, place: Place, data: dict[str, Any]) -> None:
        node_id = data.get("id")
        node = self._dom.node(node_id)
        if node is None or not isinstance(node_id, int):
            return
        text, checked = str(data.get("text") or ""), data.get("isChecked") is True
        kind = input_type_of(node)
        if kind in _CHECKED_TYPES:
            self._check(recorded, place, node_id, checked=checked, is_radio=kind == "radio")
        elif node.tag == "select":
            if self._is_persons(node_id, recorded):
                self._drop_click_on(node_id)
                label, index = _option(node, text)
                self._act("select", recorded, place, node_id, text=label, index=index)
        elif kind == _FILES:
            self._drop_click_on(node_id)
            self._act("upload", recorded, place, node_id, files=(_suffix(text),))
        else:
            self._fill(recorded, place, node_id, text)

    def _fill(self, recorded: RecordedEvent, place: Place, node_id: int, text: str) -> None:
        last = self.acts[-1] if self.acts else None
        goes_on = last is not None and last.kind == "fill" and last.node_id == node_id
        if last is not None and goes_on:
            if not text and len(last.text) >= _SENT_CHARS and recorded.at_ms - last.ended_ms <= FOLLOWS_MS:
                self._press("Enter", last)
                return
            step = abs(len(text) - len(last.text)) <= 1
            if not text and last.text:
                # A page that writes back what it made of a key, as controlled fields do.
                return
            self.acts[-1] = replace(last, text=text, typed=last.typed or step, ended_ms=recorded.at_ms)
            return
        if not self._is_persons(node_id, recorded) or (last and last.kind == "press" and not text):
            return
        # Only what was typed, not where: the click that gave the field its focus is part of it.
        self._drop_click_on(node_id)
        self._act("fill", recorded, place, node_id, text=text)

    def _check(self, recorded: RecordedEvent, place: Place, node_id: int, *, checked: bool, is_radio: bool) -> None:
        last = self.acts[-1] if self.acts else None
        if is_radio and not checked:
            # Its neighbour was chosen.
            return
        soon = last is not None and last.kind == "click" and recorded.at_ms - last.at_ms <= _ONE_ACT_MS
        if last is None or not soon:
            return
        # What was clicked on a label stays a click: styled boxes have nothing else that a person could click.
        if last.node_id == node_id:
            clicked = self.acts.pop()
            # Its element is sought where it was before the click.
            self._act("check", recorded, clicked.place, node_id, checked=checked)

    def _is_label_of(self, node_id: int | None, field_id: int) -> bool:
        node, wanted = self._dom.node(node_id), self._dom.node(field_id)
        while node is not None and wanted is not None:
            if node.tag == "label":
                named = node.attribute("for")
                return wanted in node.subtree() if named is None else named == wanted.attribute("id")
            node = node.parent
        return False

    def _press(self, key: str, on: Act) -> Act:
        # Right after what was typed: what it led to may be told before the field is.
        act = replace(on, kind="press", text=key, at_ms=on.ended_ms, typed=False)
        self.acts.append(act)
        return act

    # --- all of them -----------------------------------------------------------------------------------------------

    def _act(self, kind: ActKind, recorded: RecordedEvent, place: Place, node_id: int | None, **more: Any) -> None:
        target = self._dom.target(node_id) if node_id is not None else None
        control = self._dom.control(node_id)
        labels = self._labels.get(control.id) if control else None
        act = Act(kind, recorded.at_ms, place, recorded.event_id, node_id=node_id, target=target, labels=labels, **more)
        self._add(act)

    def _add(self, act: Act) -> None:
        self.acts.append(replace(act, url=self._url or act.text, ended_ms=act.at_ms))

    def _is_persons(self, node_id: int, recorded: RecordedEvent) -> bool:
        fresh = recorded.at_ms - self._added_at.get(node_id, float("-inf")) < _FRESH_MS
        trusted = recorded.event["data"].get("userTriggered")
        return trusted is True or (not fresh and (self._is_near_focus(node_id)))

    def _is_near_focus(self, node_id: int) -> bool:
        """Whether the field has the focus; recordings that tell of no focus at all give everyone the benefit."""
        if self._focus is None or self._focus == node_id:
            return True
        label = self._dom.control(self._focus)
        return label is not None and self._is_label_of(self._focus, node_id)

    def _drop_click_on(self, node_id: int) -> None:
        last = self.acts[-1] if self.acts else None
        is_click = last is not None and last.kind == "click" and not last.double
        if last is not None and is_click and (last.node_id == node_id or self._is_label_of(last.node_id, node_id)):
            self.acts.pop()

    def _note_change(self, data: dict[str, Any], at_ms: float) -> None:
        last = self.acts[-1] if self.acts else None
        if last and not last.changed and at_ms - last.ended_ms <= _CHANGES_MS:
            self.acts[-1] = replace(last, changed=True)
        adds = data.get("adds")
        for add in adds if isinstance(adds, list) else ():
            node = add.get("node") if isinstance(add, dict) else None
            if isinstance(node, dict) and isinstance(node.get("id"), int):
                self._added_at[node["id"]] = at_ms


def _option(select: Node, value: str) -> tuple[str, int | None]:
    """The label of the option with that value, and its place; the value is masked in some recordings."""
    options = [node for node in _in_order(select) if node.tag == "option"]
    for index, option in enumerate(options):
        label = " ".join("".join(node.text for node in option.subtree() if node.tag == "#text").split())
        if (option.attribute("value") if option.attribute("value") is not None else label) == value:
            return label, index
    return value, None


def _in_order(root: Node) -> Iterator[Node]:
    for child in root.children():
        yield child
        yield from _in_order(child) if child.tag == "optgroup" else ()


def _suffix(path: str) -> str:
    name = path.rpartition("\\")[2]
    return f".{name.rpartition('.')[2].lower()}" if "." in name else ".txt"


def _playwright_key(pressed: str) -> str:
    *modifiers, key = pressed.split("+") if pressed not in ("+", " ") else [pressed]
    return "+".join([*(_MODIFIERS.get(name, name) for name in modifiers), "Space" if key == " " else key])
