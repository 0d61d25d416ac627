"""The recorder and the server redact alike: both are tested with the same examples."""

import json
from pathlib import Path
from typing import Any

import pytest

from retrace_core.redaction import redact_text

_EXAMPLES = Path(__file__).parents[2] / "sdk" / "browser" / "test" / "redaction-examples.json"


def _examples() -> list[dict[str, Any]]:
    examples: list[dict[str, Any]] = json.loads(_EXAMPLES.read_text(encoding="utf-8"))["examples"]
    return examples


@pytest.mark.parametrize("example", _examples(), ids=lambda example: example["text"][:40])
def test_text_is_redacted_as_the_recorder_does_it(example: dict[str, Any]) -> None:
    assert redact_text(example["text"].replace("~", "", 1)) == example["redacted"]


def test_examples_hold_secrets_and_texts_that_stay() -> None:
    kept = [example for example in _examples() if example["text"] == example["redacted"]]

    assert len(kept) > 40
    assert len(_examples()) - len(kept) > 50
