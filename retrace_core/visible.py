"""What a person sees of a recorded page, as sums that cost what a change touches: a signature, text, pictures, loading.

Belongs here: which nodes are seen, and what each adds to the sums. Does not: keeping the page up to date (`dom.py`),
messages (`messages.py`), or what a difference means (detectors).

Stylesheets are not read: what they hide is told only by inline styles and the utility classes of common frameworks.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from retrace_core.accessible import input_type_of, is_unseen
from retrace_core.dom import RecordedDom
from retrace_core.nodes import TEXT, Node, changed_style

_LARGEST_SIGNATURE: Final = 2**63 - 1

# Attributes that change what is seen, beside class and style. What was typed is none of them.
_SEEN_ATTRIBUTES: Final = frozenset(
    (
        *("href", "src", "alt", "placeholder", "open", "role", "colspan", "start", "style"),
        *(
            "aria-checked",
            "aria-current",
            "aria-expanded",
            "aria-pressed",
            "aria-selected",
            "aria-invalid",
            "aria-sort",
        ),
        *("d", "points", "transform", "fill", "xlink:href"),
    )
)
_MEDIA_TAGS: Final = frozenset(
    [
        "audio",
        "button",
        "canvas",
        "embed",
        "iframe",
        "img",
        "input",
        "math",
        "object",
        "picture",
        "select",
        "svg",
        "textarea",
        "video",
    ]
)
# Utility classes that hide: Tailwind, Bootstrap, Bulma, WordPress, HTML5 Boilerplate.
_HIDING_CLASSES: Final = re.compile(
    r"(?:^|\s)(?:hidden|d-none|is-hidden|hide|visually-hidden|sr-only|screen-reader-text|invisible|v-hidden)(?:\s|$)"
)
# A pointer or the keyboard leaves these behind; nothing has happened yet.
_POINTER_CLASSES: Final = re.compile(
    r"(?i)(?:^|[-_:])(?:focus(?:ed|visible|-visible)?|hover(?:ed)?|pressed|ripple|touched|pristine|untouched)"
)
_LOADING_CLASSES: Final = re.compile(
    r"(?i)(?:^|[\s_-])(?:loading|loader|spinner|spin|skeleton|shimmer|progress-?bar|busy|pending|submitting)(?:$|[\s_-])"
)
_LOADING_TEXT: Final = re.compile(
    r"(?i)\s*(?:(?:is )?(?:loading|please wait|saving|sending|processing|submitting|signing in|one moment|just a moment"
    r"|chargement|laden|lädt|wird geladen|cargando|caricamento|carregando)\b.{0,24})\s*"
)
# What goes by itself after a while. It is told when it comes (messages.py), and says nothing when it goes.
_TOAST_CLASSES: Final = re.compile(
    r"(?i)(?:^|[\s_-])(?:toast(?:s|ify|er)?|snackbar|notistack|noty|sonner|growl|flash)(?:$|[\s_-])"
)
_BACKGROUND: Final = re.compile(r"background(?:-image)?\s*:[^;]*url\(")

# Looks that are kept, and the longest texts and attributes they are kept for: some 50 MB if a page tries.
_KEPT: Final = 32_768
_KEPT_CHARS: Final = 500


class Share(NamedTuple):
    """What one node adds to the sums."""

    signature: int
    chars: int
    media: int
    loading: int
    busy: int
    in_main: bool
    in_toast: bool


class Seen(NamedTuple):
    """What is seen of a page: a hash, visible characters, pictures and controls, and signs of loading.

    `main_content` is characters and media within the main landmark, None on a page without one.
    """

    signature: int
    chars: int
    media: int
    main_content: int | None
    loading: int
    busy: int


class VisiblePage:
    """A recorded page with sums of what is seen of it, kept up to date by feeding it events in order.

    `ambient` are nodes that change by themselves, such as clocks. Neither they nor toasts count in the signature.
    `revealed` are the nodes that came into sight with the latest event, each with all that is below it, and the texts
    that changed.
    """

    def __init__(self) -> None:
        self.dom = RecordedDom(self)
        self.ambient: Collection[int] = frozenset()
        self.revealed: list[Node] = []
        self._shares: dict[int, Share] = {}
        self._signature = self._chars = self._media = self._loading = self._busy = 0
        self._mains = self._main_content = 0

    def apply(self, event: dict[str, Any]) -> None:
        """Bring the page to its state after a decoded rrweb event."""
        self.revealed = []
        self.dom.apply(event)

    def seen(self) -> Seen:
        """The sums as they are now."""
        main_content = self._main_content if self._mains else None
        signature = self._signature & _LARGEST_SIGNATURE
        return Seen(signature, self._chars, self._media, main_content, self._loading, self._busy)

    def is_seen(self, node: Node) -> bool:
        """Whether a node is in sight."""
        return node.id in self._shares

    def moved(self, node_id: int) -> None:
        """Note that a node took another place: the sums alone would not tell."""
        self._signature += _hash(f"moved {node_id}")

    def restarted(self, root: Node | None) -> None:
        """Sum up a page anew."""
        self._shares.clear()
        self._signature = self._chars = self._media = self._loading = self._busy = 0
        self._mains = self._main_content = 0
        if root:
            self._show(root, in_main=False, in_toast=False)
        self.revealed = []

    def added(self, root: Node) -> None:
        """Add what came, if the place it came to is seen."""
        above = self._shares.get(root.parent.id) if root.parent else None
        if above is not None:
            self._show(root, in_main=above.in_main, in_toast=above.in_toast)
            self.revealed.append(root)

    def removing(self, root: Node) -> None:
        """Take away what goes."""
        if root.id in self._shares:
            self._hide(root)

    def changed(self, node: Node) -> None:
        """Weigh a node anew; what it hides or shows goes or comes with it."""
        old, look = self._shares.get(node.id), _look_of(node)
        if old is None:
            self.added(node)
        elif look.hidden:
            self._hide(node)
        else:
            self._count(old, -1)
            share = self._shares[node.id] = self._share(node, look, in_main=old.in_main, in_toast=old.in_toast)
            self._count(share, 1)
            if node.tag == TEXT:
                self.revealed.append(node)

    def _show(self, root: Node, *, in_main: bool, in_toast: bool) -> None:
        shares = self._shares
        unfinished = [(root, in_main, in_toast)]
        while unfinished:
            node, within, toast = unfinished.pop()
            look = _look_of(node)
            if node.id in shares or look.hidden:
                continue
            share = shares[node.id] = self._share(node, look, in_main=within, in_toast=toast)
            self._count(share, 1)
            if share.in_main and not within:
                self._mains += 1
            child = node.first
            while child:
                unfinished.append((child, share.in_main, share.in_toast))
                child = child.next

    def _hide(self, root: Node) -> None:
        above = self._shares.get(root.parent.id) if root.parent else None
        within = above.in_main if above else False
        unfinished = [(root, within)]
        while unfinished:
            node, within = unfinished.pop()
            share = self._shares.pop(node.id, None)
            if share is None:
                continue
            self._count(share, -1)
            if share.in_main and not within:
                self._mains -= 1
            unfinished.extend((child, share.in_main) for child in node.children())

    def _count(self, share: Share, sign: int) -> None:
        self._signature += sign * share.signature
        self._chars += sign * share.chars
        self._media += sign * share.media
        self._loading += sign * share.loading
        self._busy += sign * share.busy
        if share.in_main:
            self._main_content += sign * (share.chars + share.media)

    def _share(self, node: Node, look: "_Look", *, in_main: bool, in_toast: bool) -> Share:
        in_toast = in_toast or look.is_toast
        signature = 0 if in_toast or (self.ambient and self._is_ambient(node)) else look.signature
        in_main = in_main or look.is_main
        return Share(signature, look.chars, look.media, look.loading, look.busy, in_main, in_toast)

    def _is_ambient(self, node: Node) -> bool:
        if not self.ambient:
            return False
        return node.id in self.ambient or (node.parent is not None and node.parent.id in self.ambient)


class _Look(NamedTuple):
    """How a node looks by itself, wherever it stands."""

    hidden: bool = False
    signature: int = 0
    chars: int = 0
    media: bool = False
    loading: bool = False
    busy: bool = False
    is_main: bool = False
    is_toast: bool = False


_NOTHING: Final = _Look()


def _look_of(node: Node) -> _Look:
    if node.tag == TEXT:
        # What is in a text area was typed.
        if node.parent is not None and node.parent.tag == "textarea":
            return _NOTHING
        return _known_text(node.text) if len(node.text) <= _KEPT_CHARS else _text(node.text)
    if not node.is_element:
        return _NOTHING
    for value in node.attributes.values():
        if isinstance(value, dict | list) or (isinstance(value, str) and len(value) > _KEPT_CHARS):
            return _element(node)
    return _known_element(node.tag, tuple(node.attributes.items()))


def _element(element: Node) -> _Look:
    if is_hidden(element):
        return _Look(hidden=True)
    loading = _is_loading(element)
    return _Look(
        signature=_hash(_looks(element)),
        media=_is_media(element),
        loading=loading,
        busy=loading or element.attribute("disabled") is not None or element.attribute("aria-disabled") == "true",
        is_main=element.tag == "main" or element.attribute("role") == "main",
        is_toast=_TOAST_CLASSES.search(element.attribute("class") or "") is not None,
    )


def _text(text: str) -> _Look:
    words = " ".join(text.split())
    if not words:
        return _NOTHING
    loading = _LOADING_TEXT.fullmatch(words) is not None
    return _Look(signature=_hash(words), chars=len(words), loading=loading, busy=loading)


# Pages are made of the same few thousand elements and texts, and most of playing them was to look at these again.
@lru_cache(maxsize=_KEPT)
def _known_element(tag: str, attributes: tuple[tuple[str, Any], ...]) -> _Look:
    return _element(Node(0, {"type": 2, "tagName": tag, "attributes": dict(attributes)}))


_known_text = lru_cache(maxsize=_KEPT)(_text)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _looks(element: Node) -> str:
    """Everything about an element by which a person could see a difference."""
    parts = [element.tag]
    for name, value in element.attributes.items():
        if name == "class":
            parts.append(" ".join(sorted(_lasting_classes(element))))
        elif name in _SEEN_ATTRIBUTES or name.startswith("style."):
            parts.append(f"{name}={element.attribute(name)}")
        elif name == "disabled" and value is not None:
            parts.append(name)
    return "\n".join(sorted(parts))


def _lasting_classes(element: Node) -> set[str]:
    names = (element.attribute("class") or "").split()
    return {name for name in names if not _POINTER_CLASSES.search(name)}


def is_hidden(element: Node) -> bool:
    if element.tag == "iframe":
        return False
    if is_unseen(element):
        return True
    return "class" in element.attributes and _HIDING_CLASSES.search(element.attribute("class") or "") is not None


def _is_media(element: Node) -> bool:
    if element.tag == "input":
        return input_type_of(element) != "hidden"
    return (
        element.tag in _MEDIA_TAGS
        or element.attribute("role") == "img"
        or _BACKGROUND.search(element.attribute("style") or "") is not None
        or bool(element.attribute(changed_style("background-image")))
    )


def _is_loading(element: Node) -> bool:
    return (
        element.tag == "progress"
        or element.attribute("aria-busy") == "true"
        or element.attribute("role") == "progressbar"
        or _LOADING_CLASSES.search(element.attribute("class") or "") is not None
    )
