"""Precision and recall of detectors: who counts, and who does not."""

from bench.detectors.recordings import Recording, Truth
from bench.detectors.scores import score, table

_JUDGED = frozenset(("dead_click", "rage_click"))


def _recording(name: str, required: set[str], allowed: set[str] | None = None) -> Recording:
    truth = Truth(frozenset(required), frozenset(required | (allowed or set())), _JUDGED, "")
    return Recording(name, "plain", (), truth)


def test_score_counts_a_required_detector_that_is_silent_as_missed() -> None:
    found = score([_recording("a", {"dead_click"}), _recording("b", {"dead_click"})], "dead_click", lambda one: one.id)
    assert (found.missed, found.recall) == (("a", "b"), 0.0)


def test_score_counts_a_forbidden_detector_that_fires_as_false() -> None:
    found = score([_recording("a", set()), _recording("b", {"dead_click"})], "dead_click", lambda one: ["dead_click"])
    assert (found.false, found.precision, found.recall) == (("a",), 0.5, 1.0)


def test_score_does_not_judge_a_detector_that_may_but_need_not_fire() -> None:
    found = score([_recording("a", set(), {"dead_click"})], "dead_click", lambda one: ["dead_click"])
    assert (found.positives, found.negatives, found.precision) == (0, 0, None)


def test_score_does_not_judge_a_detector_the_label_does_not_speak_of() -> None:
    found = score([_recording("a", set())], "slow_request", lambda one: ["slow_request"])
    assert found.negatives == 0


def test_table_shows_a_dash_for_a_system_without_the_detector() -> None:
    recordings = [_recording("a", {"dead_click"})]
    ours = (lambda one: ["dead_click"], {"dead_click"})
    lines = table(recordings, ["dead_click"], {"ours": ours, "theirs": (lambda one: [], set())})
    assert lines[-1] == "| `dead_click` | 1 | 0 | 1.00 / 1.00 | – |"
