"""Events of every shape a page can make, for tests that nothing may break."""

from hypothesis import strategies as st

TEXTS = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.sampled_from(
        [
            "Script error.",
            "Failed to load resource: 404",
            "TypeError: x\n    at f (https://shop.example/a.js:1:2)",
            "chrome-extension://x/y.js",
            "https://[bad",
            "+",
            "Pay {} $1 \\",
        ]
    ),
)
WORDS = st.lists(st.sampled_from(["control", "disabled", "new_tab", "x"]), max_size=3)
NUMBERS = st.one_of(st.none(), st.integers(-5, 700))
FLOATS = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
PAGES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["snapshot", "change", "click", "message", "nonsense"]),
        "signature": st.sampled_from([None, 0, 1, 2]),
        "before": st.sampled_from([None, 0, 1]),
        "chars": NUMBERS,
        "media": NUMBERS,
        "main_content": NUMBERS,
        "loading": NUMBERS,
        "busy": NUMBERS,
        "message": TEXTS,
        "message_role": TEXTS,
        "message_classes": TEXTS,
        "near_field": st.sampled_from([None, True, False]),
        "link": TEXTS,
        "traits": st.one_of(st.none(), WORDS),
    }
)
KINDS = ["click", "network", "console", "exception", "mutation", "input", "scroll", "meta", "nonsense"]
EVENTS = st.fixed_dictionaries(
    {
        "at": st.integers(0, 3_000),
        "kind": st.sampled_from(
            ["click", "network", "console", "exception", "mutation", "input", "scroll", "meta", "nonsense"]
        ),
        "level": st.sampled_from([None, "error", "assert", "warn"]),
        "window_id": st.sampled_from(["", "w1", "w:2"]),
        "url": TEXTS,
        "node_id": NUMBERS,
        "x": FLOATS,
        "y": FLOATS,
        "message": TEXTS,
        "stack": TEXTS,
        "method": TEXTS,
        "request_url": TEXTS,
        "status": NUMBERS,
        "duration_ms": FLOATS,
        "target_tag": TEXTS,
        "target_role": TEXTS,
        "target_name": TEXTS,
        "target_test_id": TEXTS,
        "target_css": TEXTS,
        "target_interactive": st.sampled_from([None, True, False]),
        "texts": NUMBERS,
        "page": st.one_of(st.none(), PAGES),
    }
)
