"""The picture of the page: what rrweb sees of it, though the served recorder leaves out parts of rrweb, and folds."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from retrace_core.dom import RecordedDom
from retrace_core.nodes import Node

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def _recorded_text(recorded: "Recorded") -> str:
    recorded.flush()
    return json.dumps([event["data"] for event in recorded.events if event["type"] != 6])


def test_frames_of_the_same_origin_are_in_the_picture_and_followed(open_page: OpenPage) -> None:
    recorded = open_page('<iframe srcdoc="<p>Inside the frame</p>"></iframe>')
    recorded.wait_for(lambda: "Inside the frame" in _recorded_text(recorded))

    recorded.page.frames[1].evaluate("document.body.append('Added inside')")

    recorded.wait_for(lambda: "Added inside" in _recorded_text(recorded))


def test_recording_goes_on_beside_what_is_left_out_of_rrweb(open_page: OpenPage) -> None:
    recorded = open_page('<canvas id="plot"></canvas><iframe src="https://example.invalid/"></iframe>')
    recorded.page.evaluate(
        """() => {
            plot.getContext("2d").fillRect(0, 0, 9, 9);
            document.fonts.add(new FontFace("Nowhere", "url(/nowhere.woff2)"));
            document.adoptedStyleSheets = [new CSSStyleSheet()];
            document.adoptedStyleSheets[0].insertRule("p { color: red }");
            postMessage({ type: "rrweb", origin: location.origin, event: { type: 4, data: {} } });
            document.body.append("Still here");
        }"""
    )

    recorded.wait_for(lambda: "Still here" in _recorded_text(recorded))
    assert '"tagName": "canvas"' in _recorded_text(recorded)
    assert "color: red" in _recorded_text(recorded)


# Draws views over and over, moves, changes and takes away what is in them, always the same for a seed.
_CHURN = """(seed) => {
    const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
    const item = (good) =>
        `<li class="good"><a href="/goods/${good}">Rope of ${good} metres</a> <b>${good}</b><i></i></li>`;
    const view = (name, goods) => `<h1>${name}</h1><ul>${goods.map(item).join("")}</ul>`;
    const steps = [
        () => { view_.innerHTML = view("Goods", [1, 2, 3, 4, 5, 6].slice(random(3))); },
        () => { view_.innerHTML = view("Found", [5, 6, random(9)]); },
        () => { view_.replaceChildren(document.createElement("hr"), "Nothing", document.createElement("hr")); },
        () => { const all = view_.querySelectorAll("li"); if (all.length > 2) all[0].before(all[random(all.length)]); },
        () => { view_.querySelectorAll("li b").forEach((price) => { price.textContent = String(random(9)); }); },
        () => { const last = [...view_.querySelectorAll("li")].pop(); if (last) kept.append(last); },
        () => { if (kept.firstChild) view_.append(kept.firstChild); },
        () => { view_.querySelectorAll("li").forEach((good) => good.classList.toggle("marked", random(2) > 0)); },
        () => {
            const host = document.createElement("div");
            host.attachShadow({ mode: "open" }).innerHTML = "<p>In the shadow</p>";
            host.append("In the light");
            view_.append(host);
        },
    ];
    steps[random(steps.length)]();
    if (random(2)) steps[random(steps.length)]();
}"""

_SEEN = """() => {
    const told = (node) => node.nodeType === 3 ? node.data : [
        node.localName, node.className,
        ...[...node.childNodes, ...(node.shadowRoot?.childNodes ?? [])].map(told),
    ];
    return told(document.querySelector("main"));
}"""


def _told(node: Node) -> Any:
    if not node.is_element:
        return node.text
    return [node.tag, node.attribute("class") or "", *map(_told, node.children())]


@pytest.mark.parametrize("seed", [3, 41, 5, 67])
def test_views_drawn_over_and_over_are_told_as_they_are(open_page: OpenPage, seed: int) -> None:
    recorded = open_page("<main><div id=view_></div><div id=kept></div></main>")
    for turn in range(60):
        recorded.page.evaluate(_CHURN, seed * 1000 + turn)
    seen = recorded.page.evaluate(_SEEN)
    recorded.flush()
    recorded.wait_for(lambda: sum(event["type"] == 3 for event in recorded.events) > 40)

    dom = RecordedDom()
    for event in recorded.events:
        dom.apply(event)
    (main,) = [node for node in dom.root.subtree() if node.tag == "main"] if dom.root else []
    assert _told(main) == seen
    assert b'"like":' in b"".join(recorded.capture.bodies)
