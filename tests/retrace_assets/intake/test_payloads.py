"""What the payloads of recorders say, line by line."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.intake.payloads import CUSTOM_READERS, READERS

FRAMES = ["pay (https://shop.test/assets/cart.js:3:9)", "https://shop.test/assets/cart.js:1:1"]


def console(*arguments: str, level: str = "error") -> dict[str, Any]:
    """The payload of rrweb's console plugin."""
    return {"level": level, "payload": list(arguments), "trace": FRAMES}


STACK = "\n".join(FRAMES)
OWN_STACK = "    at pay (https://shop.test/a.js:1:2)\nEnd of stack for Error object"


@pytest.mark.parametrize(
    ("payload", "row"),
    [
        (console('"Uncaught Error: \\"no\\" cart"'), ("exception", 'Uncaught Error: "no" cart', STACK)),
        (
            console('"Uncaught (in promise) TypeError: x"'),
            ("exception", "Uncaught (in promise) TypeError: x", STACK),
        ),
        (
            console('"Uncaught (in promise)"', '{"code":5}'),
            ("exception", 'Uncaught (in promise) {"code":5}', None),
        ),
        (
            console('"Uncaught (in promise)"', json.dumps(f"TypeError: x\n{OWN_STACK}")),
            ("exception", "Uncaught (in promise) TypeError: x", OWN_STACK),
        ),
        (console('"Uncaught Error: x"', level="log"), ("console", "Uncaught Error: x", STACK)),
        (console('"cart \\u00e9"', "3"), ("console", "cart é 3", STACK)),
        (console('"cut off'), ("console", '"cut off', STACK)),
        (console('"bad \\escape"'), ("console", "bad \\escape", STACK)),
        ({"level": "error", "payload": ["Uncaught x"]}, ("console", "Uncaught x", None)),
    ],
    ids=["error", "rejection", "other rejection", "stack in text", "log", "unquoted", "cut", "bad escape", "ours"],
)
def test_console_lines_are_told_from_what_nobody_caught(
    payload: dict[str, Any], row: tuple[str, str, str | None]
) -> None:
    (detail,) = READERS["console"](payload)
    assert (detail.get("kind", "console"), detail["message"], detail["stack"]) == row


SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just({})
)
VALUES: st.SearchStrategy[Any] = (
    SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.sampled_from(["message", "tagName", "to"]), SCALARS)
)
FIELDS = ["payload", "trace", "level", "message", "stack", "target", "category", "op", "data", "description"]
FIELDS += ["kind", "key", "modifiers", "nodeId", "from", "type", "area", "fromMs", "toMs", "firstEffectMs", "source"]


@pytest.mark.parametrize("read", [*READERS.values(), *CUSTOM_READERS.values()])
@given(payload=st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_no_payload_raises(read: Callable[[dict[str, Any]], list[Any]], payload: dict[str, Any]) -> None:
    assert read(payload)


@given(st.text(max_size=20).map(lambda text: f'"{text}"'))
def test_no_quoted_argument_raises(argument: str) -> None:
    (detail,) = READERS["console"](console(argument))
    assert isinstance(detail["message"], str)
