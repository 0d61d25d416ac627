"""How a test finds an element again: the best locator that means it alone on the recorded page, and some in reserve.

Belongs here: candidates, in the order in which people and Playwright's guide prefer them, each checked against the page
as it was. Does not: which elements are sought (generate).

A name that holds a value (a number, a date, an address) or that redaction would change is of the data and not of the
control; it is not used.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Final

from msgspec.structs import replace

from retrace_core.accessible import input_type_of, name_of, role_of
from retrace_core.dom import RecordedDom, Target
from retrace_core.nodes import TEXT, Node
from retrace_core.redaction import redact_text
from retrace_core.spec_steps import Locator
from retrace_core.visible import is_hidden

FALLBACKS: Final = 3

_NAME_CHARS: Final = 80
_LABELLED: Final = frozenset(("input", "select", "textarea", "button", "meter", "output", "progress"))
_CONTAINERS: Final = frozenset(
    (
        "article",
        "aside",
        "dialog",
        "fieldset",
        "footer",
        "form",
        "header",
        "li",
        "main",
        "nav",
        "section",
        "table",
        "tr",
    )
)
_MOST_CONTAINERS: Final = 6
_MOST_NODES: Final = 20_000
# Stars of a mask, bullets and arrows are no name.
_WORDS: Final = re.compile(r"[^\W_]")
_DATA: Final = re.compile(r"\d{2,}|\d+[.,:/]\d|[$€£¥%]|@|https?:")
# Roles that Playwright and we tell alike; of others the tag is the better clue.
_ROLES: Final = frozenset(
    (
        *("button", "checkbox", "combobox", "dialog", "heading", "img", "link", "listbox", "listitem", "menuitem"),
        *(
            "menuitemcheckbox",
            "menuitemradio",
            "navigation",
            "option",
            "radio",
            "row",
            "searchbox",
            "slider",
            "spinbutton",
        ),
        *("switch", "tab", "textbox", "treeitem"),
    )
)


class RenderedPage:
    """What of a recorded page is rendered at one moment, by what locators look for; made once a moment."""

    def __init__(self, dom: RecordedDom, *, entered: Mapping[int, Collection[str]] | None = None) -> None:
        """Walk the page; hidden parts are not in it.

        `entered` are the lengths of what a person entered and the recording masks, each with the texts that were there
        before: another text of such a length may be what was entered, and is another one in a test.
        """
        self.dom = dom
        self._entered = entered or {}
        self._rendered: dict[int, Node] = {}
        self._by_tag: dict[str, list[Node]] = {}
        self._names: dict[int, str] = {}
        self._texts: dict[str, list[Node]] = {}
        pending = [dom.root] if dom.root else []
        while pending and len(self._rendered) < _MOST_NODES:
            node = pending.pop()
            if node.tag == TEXT:
                self._add_text(node)
                continue
            if node.is_element:
                if is_hidden(node):
                    continue
                self._rendered[node.id] = node
                self._by_tag.setdefault(node.tag, []).append(node)
            child = node.last
            while child is not None:
                pending.append(child)
                child = child.previous

    def _add_text(self, node: Node) -> None:
        words = " ".join(node.text.split())
        if words and node.parent is not None:
            self._texts.setdefault(words, []).append(node.parent)

    def is_rendered(self, node: Node) -> bool:
        """Whether a person could see it."""
        return node.id in self._rendered

    @property
    def texts(self) -> Collection[str]:
        """Every text that is rendered."""
        return self._texts.keys()

    def usable(self, text: str) -> str:
        """The text as a test may use it, or ""."""
        stable = stable_name(text)
        return "" if any(part in stable for part in self._perhaps_entered) else stable

    @cached_property
    def _perhaps_entered(self) -> list[str]:
        return [text for text in self._texts if len(text) in self._entered and text not in self._entered[len(text)]]

    def nodes(self) -> Iterator[Node]:
        """All rendered elements, in the order of the page."""
        return iter(self._rendered.values())

    @cached_property
    def _roles(self) -> dict[str, list[Node]]:
        roles: dict[str, list[Node]] = {}
        for node in self.nodes():
            roles.setdefault(role_of(node), []).append(node)
        return roles

    def name(self, node: Node) -> str:
        """Its accessible name, kept for the moment."""
        known = self._names.get(node.id)
        if known is None:
            known = self._names[node.id] = name_of(node, self.dom.index)
        return known

    def with_role(self, role: str, name: str = "") -> list[Node]:
        """Elements of a role, and of that name if one is given, in the order of the page."""
        found = self._roles.get(role, [])
        return [node for node in found if self.name(node) == name] if name else found

    def with_attribute(self, attribute: str, value: str) -> list[Node]:
        """Elements with an attribute of exactly that value."""
        return [node for node in self._rendered.values() if node.attribute(attribute) == value]

    def with_label(self, label: str) -> list[Node]:
        """Form fields of that name, as labels and `aria-label` give it."""
        fields = (node for tag in _LABELLED for node in self._by_tag.get(tag, ()))
        return [node for node in fields if self.name(node) == label and (node.attribute("title") or "") != label]

    def with_text(self, text: str) -> list[Node]:
        """The innermost elements whose own text is exactly that."""
        return self._texts.get(text, [])

    def with_tag(self, tag: str) -> list[Node]:
        """Elements of a tag, in the order of the page."""
        return self._by_tag.get(tag, [])


def locators_of(page: RenderedPage, node: Node) -> list[Locator]:
    """Locators that mean an element alone, the best first and then up to FALLBACKS of other kinds.

    Empty only for an element that is in a frame we have no way to name.
    """
    frames = _frames(node)
    if frames is None:
        return []
    found: list[Locator] = []
    for locator in _candidates(page, node):
        if locator.by not in {each.by for each in found}:
            found.append(_framed(locator, frames))
        if len(found) > FALLBACKS:
            break
    return found or [_framed(_counted(page, node), frames)]


# The names of a page are asked for again before each act.
@lru_cache(4_096)
def stable_name(text: str) -> str:
    """A name that a test may use: "" when it holds a value, is too long, or is nobody's business."""
    words = " ".join(text.split())
    if len(words) > _NAME_CHARS or not _WORDS.search(words) or _DATA.search(words) or redact_text(words) != words:
        return ""
    return words


def _candidates(page: RenderedPage, node: Node) -> Iterator[Locator]:
    """Those that are unique, by preference; then the same within a container that is."""
    own = list(_own(page, node))
    yield from (locator for locator, matches in own if _is_only(matches, node))
    for container in _containers(page, node):
        inside = set(map(id, container.subtree()))
        around = next((each for each, matches in _own(page, container) if _is_only(matches, container)), None)
        if around is None:
            around = _by_heading(page, container)
        if around is None:
            continue
        for locator, matches in own:
            if _is_only([match for match in matches if id(match) in inside], node):
                yield replace(locator, within=around)
    css = _css(page, node)
    if css:
        yield css
    for locator, matches in own:
        place = next((number for number, match in enumerate(matches) if match is node), None)
        if place is not None:
            yield replace(locator, nth=place)


def _own(page: RenderedPage, node: Node) -> Iterator[tuple[Locator, list[Node]]]:
    """Each way to name an element by itself, with everything on the page that it means."""
    target = target_of(page, node)
    if target.test_id and target.test_id_attribute:
        attribute = target.test_id_attribute
        yield Locator("test_id", target.test_id, attribute=attribute), page.with_attribute(attribute, target.test_id)
    name = page.usable(page.name(node))
    role = role_of(node)
    if role in _ROLES and name:
        yield _by_name(page, node, role, name)
    if (
        name
        and node.tag in _LABELLED
        and node.tag != "button"
        and (name != (node.attribute("placeholder") or "").strip() or _is_labelled(page, node))
    ):
        yield Locator("label", name), page.with_label(name)
    placeholder = page.usable(node.attribute("placeholder") or "")
    if placeholder:
        yield (
            Locator("placeholder", placeholder),
            page.with_attribute("placeholder", node.attribute("placeholder") or ""),
        )
    if role in _ROLES and not name and role not in ("listitem", "row", "img"):
        yield Locator("role", role), page.with_role(role)
    text = page.usable(_own_text(node))
    if text:
        yield Locator("text", text), page.with_text(text)
    for by, attribute in (("alt", "alt"), ("title", "title")):
        value = page.usable(node.attribute(attribute) or "")
        if value:
            matches = page.with_attribute(attribute, node.attribute(attribute) or "")
            yield Locator("alt" if by == "alt" else "title", value), matches


def _is_labelled(page: RenderedPage, node: Node) -> bool:
    """Whether the name of a field may come from a label, though its placeholder says the same."""
    by_attribute = node.attribute("aria-label") or node.attribute("aria-labelledby")
    return bool(by_attribute or page.dom.index.labels(node))


def _by_name(page: RenderedPage, node: Node, role: str, name: str) -> tuple[Locator, list[Node]]:
    """An element by its role and name; where a stylesheet may part the words of the name, by its longest text."""
    texts = _texts_in(node)
    words = " ".join(texts).split()
    if words == name.split() or "".join(words) != "".join(name.split()):
        return Locator("role", role, name=name), page.with_role(role, name)
    longest = page.usable(max(texts, key=len)) or name
    matches = [each for each in page.with_role(role) if longest.lower() in page.name(each).lower()]
    return Locator("role", role, name=longest, exact=False), matches


def _texts_in(node: Node) -> list[str]:
    """The texts in an element, one for each element in it that has some, in the order of the page."""
    # Leaves come from the last to the first.
    leaves = [child for child in node.subtree() if child.tag == TEXT][::-1]
    parts = ["".join(leaf.text for leaf in group) for _, group in groupby(leaves, key=lambda leaf: id(leaf.parent))]
    return [words for part in parts if (words := " ".join(part.split()))]


def target_of(page: RenderedPage, node: Node) -> Target:
    """What is known of the element itself."""
    target = page.dom.target(node.id)
    if target is None:
        raise ValueError("an element of the page is a target")
    return target


def _is_only(matches: list[Node], node: Node) -> bool:
    return len(matches) == 1 and matches[0] is node


def _containers(page: RenderedPage, node: Node) -> Iterator[Node]:
    above, left = node.parent, _MOST_CONTAINERS
    while above is not None and left:
        if above.tag in _CONTAINERS or above.attribute("role"):
            left -= 1
            yield above
        above = above.parent


def _by_heading(page: RenderedPage, container: Node) -> Locator | None:
    """A container by its place among those of its tag: for lists whose items are all alike."""
    siblings = page.with_tag(container.tag)
    if container.tag not in ("li", "tr", "article") or container not in siblings:
        return None
    return Locator("css", container.tag, nth=siblings.index(container)) if len(siblings) > 1 else None


def _css(page: RenderedPage, node: Node) -> Locator | None:
    """The short path of stable ids and classes, where it means the element alone."""
    path = target_of(page, node).css
    found = select(page, path)
    return Locator("css", path) if _is_only(found, node) else None


def _counted(page: RenderedPage, node: Node) -> Locator:
    """By its tag and place: what is left when nothing tells it apart."""
    path = target_of(page, node).css
    found = select(page, path)
    if node in found:
        return Locator("css", path, nth=found.index(node))
    siblings = page.with_tag(node.tag)
    return Locator("css", node.tag, nth=siblings.index(node) if node in siblings else 0)


def select(page: RenderedPage, path: str) -> list[Node]:
    """The elements that a path of `tag.class`, `#id` and `>` means; other selectors are not read."""
    steps = [_parts(step) for step in path.split(" > ")]
    if not steps or any(step is None for step in steps):
        return []
    found = []
    last = steps[-1]
    if last is None:
        return []
    for node in page.nodes() if last[0] == "*" else page.with_tag(last[0]):
        current: Node | None = node
        for step in reversed(steps):
            if current is None or not current.is_element or step is None or not _fits(current, *step):
                break
            current = current.parent
        else:
            found.append(node)
    return found


_STEP: Final = re.compile(r"(?P<tag>\*|[a-z][a-z0-9-]*)?(?:#(?P<id>[\w-]+))?(?P<classes>(?:\.[\w-]+)*)")


def _parts(step: str) -> tuple[str, str, frozenset[str]] | None:
    match = _STEP.fullmatch(step)
    if match is None:
        return None
    return match["tag"] or "*", match["id"] or "", frozenset(match["classes"].split(".")) - {""}


def _fits(node: Node, tag: str, html_id: str, classes: frozenset[str]) -> bool:
    return (
        tag in ("*", node.tag)
        and (not html_id or node.attribute("id") == html_id)
        and classes <= set((node.attribute("class") or "").split())
    )


def _frames(node: Node) -> tuple[str, ...] | None:
    """CSS of the frames around an element, outermost first; None where one cannot be told from others."""
    found: list[str] = []
    current = node.parent
    while current is not None:
        if current.tag == "iframe":
            path = next(
                (
                    f'iframe[{name}="{current.attribute(name)}"]'
                    for name in ("title", "name", "id")
                    if current.attribute(name)
                ),
                "iframe",
            )
            found.append(path)
        current = current.parent
    return tuple(reversed(found))


def _framed(locator: Locator, frames: tuple[str, ...]) -> Locator:
    return replace(locator, frames=frames) if frames else locator


def _own_text(node: Node) -> str:
    """The text of an element that has no other in it: what Playwright compares is the whole."""
    if node.tag in _LABELLED and node.tag != "button":
        return ""
    own = [child.text for child in node.children() if child.tag == TEXT]
    text = " ".join(" ".join(own).split())
    return text if len(own) == 1 and _texts_in(node) == [text] else ""


def is_password(node: Node) -> bool:
    """Whether what is entered is a secret by the field's type."""
    return input_type_of(node) == "password"
