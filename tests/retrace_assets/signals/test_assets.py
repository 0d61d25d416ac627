"""Detectors as Dagster sees them."""

from retrace_assets.signals.assets import markdown, signals

DOCUMENTATION = """A click that does nothing.

What it finds
    A click without an effect,
    however often.

Fires when
    - nothing changes for 2,500 ms;
    - and nothing is loaded.

        an example
"""


def test_headings_are_bold_and_text_is_no_block_of_code() -> None:
    assert markdown(DOCUMENTATION).splitlines() == [
        "A click that does nothing.",
        "",
        "",
        "**What it finds**",
        "",
        "A click without an effect,",
        "however often.",
        "",
        "",
        "**Fires when**",
        "",
        "- nothing changes for 2,500 ms;",
        "- and nothing is loaded.",
        "",
        "    an example",
    ]


def test_thresholds_of_a_detector_are_told() -> None:
    spec = next(spec for spec in signals.specs if spec.key.path == ["signals", "rage_click"])

    assert spec.metadata["thresholds"]
    assert spec.code_version
