"""The browser's own dialogs: they answer the page as before."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def test_dialogs_arrive_with_their_answer_and_answer_the_page_as_before(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.on(
        "dialog", lambda dialog: dialog.accept("Jane Roe") if dialog.type == "prompt" else dialog.dismiss()
    )
    answers = recorded.page.evaluate("""() => [
        alert("Sent to jane@example.com"), confirm("Sure?"), prompt("Your name"),
    ]""")
    recorded.flush()

    assert answers == [None, False, "Jane Roe"]
    dialogs = [(d["type"], d["message"], d.get("answer")) for d in recorded.payloads("retrace/dialog@1")]
    assert dialogs == [("alert", "Sent to [email]", None), ("confirm", "Sure?", False), ("prompt", "Your name", True)]
    assert "Roe" not in b"".join(recorded.capture.bodies).decode()
