"""What must hold when a UI test has run: the observed failure, turned round.

Belongs here: the vocabulary of a spec's `assertions`; one of any other type is refused when a spec is read. Does not:
which detector gives which (retrace_assets.specs.assertions), how one is judged (retrace_resources.engine).
"""

import msgspec

from retrace_core.spec_steps import Locator


class _Assertion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What all assertions have: a name, the step from which on it is judged (empty: after the last), its signal."""

    id: str
    after: str = ""
    signal: str = ""


class RequestSucceeds(_Assertion, frozen=True, kw_only=True, tag="request_succeeds", tag_field="type"):
    """A request is seen and answered below `below`, within `max_ms` where that is set.

    `path` is a template of the path (`parametrise.path_template`); `host` is empty for the app's own.
    """

    method: str
    path: str
    host: str = ""
    below: int = 400
    max_ms: int | None = None


class NoError(_Assertion, frozen=True, kw_only=True, tag="no_error", tag_field="type"):
    """No uncaught error, rejection or `console.error` of this template; an empty template means any at all."""

    template: str = ""


class HasEffect(_Assertion, frozen=True, kw_only=True, tag="has_effect", tag_field="type"):
    """The step `after` changes what is seen for at least `lasting_ms`, or leads somewhere, within `within_ms`."""

    within_ms: int = 2_500
    lasting_ms: int = 250


class MessageAbsent(_Assertion, frozen=True, kw_only=True, tag="message_absent", tag_field="type"):
    """No visible message (alert, status, toast) has a text of this template."""

    template: str


class PageShowsContent(_Assertion, frozen=True, kw_only=True, tag="page_shows_content", tag_field="type"):
    """The page at `path` (a route template) shows text, pictures or controls."""

    path: str = ""


class StatusCode(_Assertion, frozen=True, kw_only=True, tag="status_code", tag_field="type"):
    """The last page load was answered with this status."""

    expected: int = 200


class TextContains(_Assertion, frozen=True, kw_only=True, tag="text_contains", tag_field="type"):
    """The page's text contains this."""

    expected: str


class TextMatches(_Assertion, frozen=True, kw_only=True, tag="text_matches", tag_field="type"):
    """The page's text matches this regular expression."""

    expected: str


class UrlContains(_Assertion, frozen=True, kw_only=True, tag="url_contains", tag_field="type"):
    """The page's address contains this."""

    expected: str


class ElementVisible(_Assertion, frozen=True, kw_only=True, tag="selector_visible", tag_field="type"):
    """The element is there to be seen within `timeout_ms`."""

    locator: Locator
    timeout_ms: int = 3_000


class ElementText(_Assertion, frozen=True, kw_only=True, tag="selector_text", tag_field="type"):
    """The element's text contains this."""

    locator: Locator
    expected: str


class ElementCount(_Assertion, frozen=True, kw_only=True, tag="selector_count", tag_field="type"):
    """So many elements match."""

    locator: Locator
    expected: int


Assertion = (
    RequestSucceeds
    | NoError
    | HasEffect
    | MessageAbsent
    | PageShowsContent
    | StatusCode
    | TextContains
    | TextMatches
    | UrlContains
    | ElementVisible
    | ElementText
    | ElementCount
)
