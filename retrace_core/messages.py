"""Messages a page shows its user: which of the nodes that came into sight is one, and how it is told.

Belongs here: finding the element of a message, its text and what it is marked as. Does not: whether it is bad news
(detectors), or when it came (`visible.py`).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from retrace_core.accessible import is_control, is_unseen, role_of
from retrace_core.nodes import TEXT, Node

_VERBS = (
    "able|load|save|sav|sen[dt]|plac|process|complet|connect|reach|find|found|submit|updat|delet|remov|add|creat|fetch|open"
    "|upload|download|show|display|available|publish|renew|verif|chang|start|retriev|log|sign"
)
_ENGLISH = (
    *(r"went wrong", r"^error\b", r"\berror:", r"\berror (?:occurred|while|loading|saving|code)"),
    r"\b(?:an?|unknown|unexpected|internal|server|network|fatal)(?: \w+)? error\b",
    *(r"\bfailed (?:to|with|while)\b", r"\bfailed\b.{0,40}$", r"^failed\b", r"\bunable to\b"),
    rf"\b(?:could|can|did|was|were|is|are)(?: ?not|n['’]t) (?:be )?(?:{_VERBS})",
    *(
        r"\bnot (?:available|possible) (?:right now|at the moment)",
        r"\bunavailable\b",
        r"\b(?:please )?try (?:it )?again\b",
    ),
    *(r"\btimed? ?out\b", r"\bnot authori[sz]ed\b", r"\bdenied\b", r"\boops\b", r"\bwhoops\b", r"\bcrashed\b"),
)
_GERMAN = (r"\bfehler\b", "fehlgeschlagen", "schiefgelaufen", "konnten? nicht")
_FRENCH = (r"\berreur\b", r"\béchec\b", "échoué", "n['’]a pas pu", "réessay")
_SPANISH = (r"\berror\b.{0,20}\b(?:al|en|de)\b", "ha fallado", "no se (?:pudo|ha podido)", "int[ée]ntalo de nuevo")
_ITALIAN = (r"\berrore\b", "non è stato possibile", "riprova")
_PORTUGUESE = (r"\berro\b", "não foi possível", "tente novamente")
_DUTCH = (r"\bfout\b", "mislukt", "ging (?:iets )?(?:mis|fout)")
# Words by which a text speaks of a failure.
FAILURE_WORDS: Final = re.compile(
    "(?i)" + "|".join((*_ENGLISH, *_GERMAN, *_FRENCH, *_SPANISH, *_ITALIAN, *_PORTUGUESE, *_DUTCH))
)
TEXT_CHARS: Final = 200
_CLASSES_CHARS: Final = 300
# Nodes of one change that are looked at: whole pages are rendered anew at once.
_MAX_NODES: Final = 2_000
# A message is short; what has more nodes than this is a part of the page.
_MESSAGE_NODES: Final = 40
# Elements above one that came: a container waits for messages, the field a hint belongs to stands beside it.
_CONTAINER_LEVELS: Final = 4
_FIELD_LEVELS: Final = 3

_LIVE_ROLES: Final = frozenset(("alert", "alertdialog", "status", "log"))
_MESSAGE_CLASSES: Final = re.compile(
    r"(?i)(?:^|[\s_-])(?:toast(?:s|ify|er)?|snackbar|notification|notistack|noty|sonner|growl|alert|flash|messages?"
    r"|errors?|danger|failure|warning|success|notice|callout|feedback|invalid|help-block|validation)"
    r"(?:$|[\s_-])"
)
_FIELD_HINT_CLASSES: Final = re.compile(
    r"(?i)(?:^|\s)(?:invalid-feedback|field-?error|field_error|help-?block|form-text|input-error|form-error|validation-?(?:error|message)"
    r"|mat-error|mat-mdc-form-field-error|ant-form-item-explain(?:-error)?|mui-formhelpertext-root|helper-?text|errorlist)(?:$|\s)"
)
_MARKING_ATTRIBUTES: Final = frozenset(("role", "aria-live"))
_FIELDS: Final = frozenset(("input", "select", "textarea"))


class Message(NamedTuple):
    """A message: its text, its role or live region, the classes on and around it, whether it belongs to one field.

    `marked` says whether the page marks it as a message; without that it is one by its words.
    """

    node: Node
    text: str
    role: str | None
    classes: str
    near_field: bool
    marked: bool


def messages(revealed: list[Node]) -> list[Message]:
    """The messages among nodes that came into sight together, those that are marked first."""
    came = {node.id for node in revealed}
    # Recorders tell of a subtree node by node.
    roots = [node for node in revealed if node.parent is None or node.parent.id not in came]
    elements = {element.id: element for root in roots for element in _candidates(root)}
    found = [message for element in elements.values() if (message := _message(element))]
    return sorted(found, key=lambda message: not message.marked)


def _candidates(root: Node) -> Iterator[Node]:
    """The topmost elements that are marked as messages; else what came, if it is small or stands in a container."""
    if root.tag == TEXT:
        if root.parent:
            yield _container(root.parent) or root.parent
        return
    marked = list(_marked(root))
    if marked:
        yield from marked
    elif root.is_element and _is_small(root):
        yield _container(root) or root


def _marked(root: Node) -> Iterator[Node]:
    unfinished, looked_at = [root], 0
    while unfinished and looked_at < _MAX_NODES:
        node = unfinished.pop()
        looked_at += 1
        if not node.is_element or is_unseen(node):
            continue
        if _is_marked(node) and _is_small(node):
            yield node
        else:
            unfinished.extend(node.children())


def _container(node: Node) -> Node | None:
    """The element around that was there to show messages, if it shows no more than this one."""
    above: Node | None = node
    for _ in range(_CONTAINER_LEVELS):
        if above is None or not above.is_element:
            return None
        if _is_marked(above) and _is_small(above):
            return above
        above = above.parent
    return None


def _is_marked(node: Node) -> bool:
    attributes = node.attributes
    if not attributes:
        return node.tag == "output"
    # A button that deletes is marked as dangerous, and says nothing.
    return (
        (not _MARKING_ATTRIBUTES.isdisjoint(attributes) and _is_live(node))
        or ("class" in attributes and _marks(node.attribute("class") or ""))
    ) and not is_control(node)


def _is_live(node: Node) -> bool:
    return role_of(node) in _LIVE_ROLES or node.attribute("aria-live") in ("assertive", "polite")


@lru_cache(maxsize=8_192)
def _marks(classes: str) -> bool:
    return _MESSAGE_CLASSES.search(classes) is not None


def _is_small(root: Node) -> bool:
    left, unfinished = _MESSAGE_NODES, [root]
    while unfinished and left:
        node = unfinished.pop()
        left -= 1
        child = node.first
        while child:
            unfinished.append(child)
            child = child.next
    return not unfinished


def _message(element: Node) -> Message | None:
    text = _text(element)
    if not text:
        return None
    marked = _is_marked(element)
    if not marked and not FAILURE_WORDS.search(text):
        return None
    role = role_of(element) if role_of(element) in _LIVE_ROLES else element.attribute("aria-live")
    return Message(element, text, role or None, _classes(element), _is_near_field(element), marked)


def _text(element: Node) -> str:
    words: list[str] = []
    for node in islice(_told(element), _MESSAGE_NODES * 2):
        if node.tag == TEXT:
            words.append(node.text)
    return " ".join(" ".join(words).split())[:TEXT_CHARS]


def _told(root: Node) -> Iterator[Node]:
    """What is in a message, in order: not what is out of sight, and not its buttons and links."""
    unfinished = [root]
    while unfinished:
        node = unfinished.pop()
        if not (node.is_element and (is_unseen(node) or is_control(node))):
            yield node
            unfinished.extend(reversed(list(node.children())))


def _classes(element: Node) -> str:
    """Classes of a message, of what is in it and of the two elements around it: icons and wrappers tell its kind."""
    near = [*islice(_told(element), _MESSAGE_NODES)]
    above = element.parent
    for _ in range(2):
        if above and above.is_element and _is_small(above):
            near.append(above)
            above = above.parent
    names = dict.fromkeys(name for node in near for name in (node.attribute("class") or "").split())
    return " ".join(names)[:_CLASSES_CHARS]


def _is_near_field(element: Node) -> bool:
    """Whether the message stands with one form field and not with the whole form."""
    if _FIELD_HINT_CLASSES.search(element.attribute("class") or ""):
        return True
    above = element.parent
    for _ in range(_FIELD_LEVELS):
        if above is None or not above.is_element or above.tag in ("form", "body", "main"):
            return False
        fields = sum(node.tag in _FIELDS for node in islice(above.subtree(), _MESSAGE_NODES))
        if fields:
            return fields == 1 and _is_small(above)
        above = above.parent
    return False
