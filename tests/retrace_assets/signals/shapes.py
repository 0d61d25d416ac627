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
NUMBERS = st.one_of(st.none(), st.integers(-5, 700))
FLOATS = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
EVENTS = st.fixed_dictionaries(
    {
        "at": st.integers(0, 3_000),
        "kind": st.sampled_from(["click", "network", "console", "exception", "mutation", "meta", "nonsense"]),
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
    }
)
