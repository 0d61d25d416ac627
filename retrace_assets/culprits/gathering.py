"""The clues of an incident: taken from its row, its signals and its test.

Belongs here: what is a clue in which column. Does not: reading texts for clues (clues), the queries (update).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from retrace_assets.culprits.clues import Clues, Frame, Request, file_of, frames_of
from retrace_core.parametrise import request_template, route_template
from retrace_core.spec import Spec
from retrace_core.spec_assertions import MessageAbsent, NoError, RequestSucceeds
from retrace_core.spec_steps import Click, Fill, Locator, Press, Select

_Row = Mapping[str, Any]

# Of what a person did before it failed, the last acts tell.
_STEPS: Final = 3
_KEPT: Final = 20
# Names that every application has.
_TELLING_NAME = re.compile(r"[\w-]*[A-Za-z][\w-]*")
# `Cannot read properties of undefined (reading 'total')`, `cart.total is not a function`: engines name the property.
_ENGINE_NAME = re.compile(
    r"\(reading '(\w{2,60})'\)|'(\w{2,60})' of (?:null|undefined)|([\w.]{3,80}) is not (?:a function|defined|iterable)"
)


def clues_of_incident(incident: _Row, signals: Sequence[_Row] = (), spec: Spec | None = None) -> Clues:
    """The clues of a row of `incidents`, rows of `signals` with decoded evidence, and the test."""
    evidence = _decoded(incident.get("evidence"), {})
    targets = [*_targets(signals), *_step_targets(_decoded(incident.get("reproduction"), []))]
    locators = list(_locators(spec)) if spec else []
    messages = _some([*_messages(signals, evidence), *(_asserted_messages(spec) if spec else ())])
    said = "\n".join(
        str(incident[name]) for name in ("title", "actual_outcome", "suspected_cause") if incident.get(name)
    )
    at = incident.get("first_seen_at")
    return Clues(
        frames=_frames(signals, evidence),
        pages=_some(_pages(signals, evidence)),
        requests=tuple(dict.fromkeys(_requests(signals, evidence, spec)))[:_KEPT],
        messages=messages,
        shown=_some([*(target.get("name") for target in targets), *(text for text, _ in locators)]),
        names=_some(
            [*(_telling(target) for target in targets), *(name for _, name in locators), *_engine_names(messages)]
        ),
        said=said,
        release=_first(signal.get("release") for signal in signals),
        first_seen_at=at.replace(tzinfo=UTC) if isinstance(at, datetime) else None,
    )


def _frames(signals: Sequence[_Row], evidence: _Row) -> tuple[Frame, ...]:
    """The frames of the first stack that has any, else the top frame by the name it is grouped under."""
    for signal in signals:
        error = signal["evidence"].get("error") or {}
        found = frames_of(f"{error.get('stack') or ''}")
        if found:
            return found
    top = evidence.get("top_stack_frame") or _first(signal.get("frame") for signal in signals)
    function, _, file = str(top or "").rpartition("@")
    return (Frame(file_of(file), 0, function),) if function and file else frames_of(f"at {top}")


def _pages(signals: Iterable[_Row], evidence: _Row) -> Iterator[str]:
    yield from (route_template(signal["url"]) for signal in signals if signal.get("url"))
    yield from (signal["route"] for signal in signals if signal.get("route"))
    if evidence.get("primary_url"):
        yield route_template(str(evidence["primary_url"]))


def _requests(signals: Iterable[_Row], evidence: _Row, spec: Spec | None) -> Iterator[Request]:
    for signal in signals:
        if signal.get("request"):
            yield Request(signal.get("method") or "", signal["request"])
    for failure in evidence.get("network_failures") or ():
        method, _, path = request_template(failure.get("method") or "", failure.get("url") or "").partition(" ")
        yield Request(method, path.partition(" ")[0])
    for assertion in spec.assertions if spec else ():
        if isinstance(assertion, RequestSucceeds):
            yield Request(assertion.method, assertion.path)


def _messages(signals: Iterable[_Row], evidence: _Row) -> Iterator[str | None]:
    for signal in signals:
        error = signal["evidence"].get("error") or {}
        yield error.get("message")
        yield signal.get("template")
    yield from evidence.get("console_excerpts") or ()


def _asserted_messages(spec: Spec) -> Iterator[str]:
    yield from (each.template for each in spec.assertions if isinstance(each, MessageAbsent | NoError))


def _engine_names(messages: Iterable[str]) -> Iterator[str]:
    for message in messages:
        for match in _ENGINE_NAME.finditer(message[:2_000]):
            yield next(group for group in match.groups() if group).rpartition(".")[2]


def _targets(signals: Iterable[_Row]) -> Iterator[_Row]:
    yield from (signal["evidence"]["element"] for signal in signals if signal["evidence"].get("element"))


def _step_targets(steps: Sequence[_Row]) -> list[_Row]:
    acts = [step for step in steps if step.get("action") in {"click", "input"}][-_STEPS:]
    return [step.get("target") or {} for step in reversed(acts)]


def _telling(target: _Row) -> str | None:
    """The test id of an element, or the id its path ends with."""
    if target.get("test_id"):
        return str(target["test_id"])
    found = re.search(r"#([A-Za-z][\w-]*)[^#\s>]*$", str(target.get("css") or ""))
    return found[1] if found else None


def _locators(spec: Spec) -> Iterator[tuple[str, str]]:
    """Visible text and test id of what the last steps of a test are on."""
    acts = [step for step in spec.exact_steps if isinstance(step, Click | Fill | Press | Select)][-_STEPS:]
    for step in reversed(acts):
        locators: tuple[Locator | None, ...] = (step.locator, *step.fallbacks)
        for locator in locators:
            if locator is not None:
                text = locator.name if locator.by == "role" else locator.value
                yield ("", text) if locator.by == "test_id" else (text if locator.by != "css" else "", "")


def _decoded(text: object, default: Any) -> Any:
    try:
        found = json.loads(text) if isinstance(text, str) else default
    except ValueError:
        return default
    return found if isinstance(found, type(default)) else default


def _first(values: Iterable[object]) -> str:
    return next((str(value) for value in values if value), "")


def _some(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text and text.strip()))[:_KEPT]
