"""What a UI test does: how elements are found, what is waited for, and the steps.

Belongs here: the vocabulary of a spec's `exact_steps`; a step of any other action is refused when a spec is read. Does
not: the spec around them (spec.py), how a step is carried out (retrace_resources.engine).
"""

from typing import Literal

import msgspec

LocatorKind = Literal["test_id", "role", "label", "placeholder", "text", "alt", "title", "css"]


class Locator(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One way to find an element, in Playwright's terms.

    `value` is the test id, role, text or selector; `name` the accessible name that goes with a role. `nth` counts from
    0 among what matches; `within` narrows the search to one container; `frames` are the CSS of the iframes around it,
    outermost first. Shadow trees need nothing: Playwright looks into open ones.
    """

    by: LocatorKind
    value: str
    name: str = ""
    attribute: str = "data-testid"
    exact: bool = True
    nth: int | None = None
    within: "Locator | None" = None
    frames: tuple[str, ...] = ()


class Visible(msgspec.Struct, frozen=True, tag="visible", tag_field="type", forbid_unknown_fields=True):
    """Holds once the element is there to be seen."""

    locator: Locator


class AtPath(msgspec.Struct, frozen=True, tag="at_path", tag_field="type", forbid_unknown_fields=True):
    """Holds once the page's path (and hash, where it is a route) fits a template; `:id` stands for any one segment."""

    path: str


Condition = Visible | AtPath


class _Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What all steps have: a name, what must hold before it, and the event it comes from (`ids.event_id`)."""

    id: str
    before: tuple[Condition, ...] = ()
    source: str = ""


class _OnElement(_Step, frozen=True, kw_only=True):
    """A step on an element: `fallbacks` are tried in order when `locator` finds nothing, and the run says so."""

    locator: Locator
    fallbacks: tuple[Locator, ...] = ()


class Navigate(_Step, frozen=True, kw_only=True, tag="navigate", tag_field="action"):
    """Opens a page: `url` is absolute, or relative to the app's."""

    url: str
    kind: Literal["goto", "reload", "back", "forward"] = "goto"


class Click(_OnElement, frozen=True, kw_only=True, tag="click", tag_field="action"):
    """Clicks, `count` times, one after the other."""

    count: int = 1
    button: Literal["left", "right", "middle"] = "left"
    modifiers: tuple[Literal["Alt", "Control", "Meta", "Shift"], ...] = ()
    double: bool = False


class Fill(_OnElement, frozen=True, kw_only=True, tag="fill", tag_field="action"):
    """Puts a text into a field; `{{ name }}` in it stands for one of the spec's inputs.

    `keys` types it key by key: for fields that answer to each key.
    """

    text: str
    keys: bool = False


class Select(_OnElement, frozen=True, kw_only=True, tag="select", tag_field="action"):
    """Chooses options of a `<select>` by their labels, or else by their values or places (from 0)."""

    labels: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    indexes: tuple[int, ...] = ()


class Check(_OnElement, frozen=True, kw_only=True, tag="check", tag_field="action"):
    """Brings a checkbox, radio button or switch to a state."""

    checked: bool = True


class Press(_Step, frozen=True, kw_only=True, tag="press", tag_field="action"):
    """Presses a key (`Enter`, `Control+K`) on an element, or on whatever has the focus."""

    key: str
    locator: Locator | None = None
    fallbacks: tuple[Locator, ...] = ()


class Hover(_OnElement, frozen=True, kw_only=True, tag="hover", tag_field="action"):
    """Moves the pointer over an element."""


class Upload(_OnElement, frozen=True, kw_only=True, tag="upload", tag_field="action"):
    """Gives files to a file field: names of fixtures, or `.ext` for a made-up file of that kind."""

    files: tuple[str, ...]


class Drag(_OnElement, frozen=True, kw_only=True, tag="drag", tag_field="action"):
    """Drags an element onto another."""

    to: Locator


class Scroll(_Step, frozen=True, kw_only=True, tag="scroll", tag_field="action"):
    """Scrolls an element into view, or the page by so many CSS pixels."""

    locator: Locator | None = None
    by_px: int = 0


class Dialog(_Step, frozen=True, kw_only=True, tag="dialog", tag_field="action"):
    """Says how the next dialog (alert, confirm, prompt, beforeunload) of a later step is answered."""

    accept: bool = True
    text: str = ""


class WaitFor(_Step, frozen=True, kw_only=True, tag="wait_for", tag_field="action"):
    """Waits for what its `before` says."""


Step = Navigate | Click | Fill | Select | Check | Press | Hover | Upload | Drag | Scroll | Dialog | WaitFor
