"""The picture of the page: what rrweb sees of it, though the served recorder leaves parts of rrweb out."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

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
