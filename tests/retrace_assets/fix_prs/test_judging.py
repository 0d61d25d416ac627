"""A patch is judged by what runs: red before, the repository's own checks, green after, nothing else red."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from retrace_assets.fix_prs.judging import Checks, judge, red_on
from retrace_assets.fix_prs.refusal import RefusalCode
from retrace_core.spec import Spec
from retrace_core.test_run import Reason, TestRun, Verdict

SPEC = Spec(spec_id="inc-1-ui", name="Checkout")
OTHER = Spec(spec_id="inc-2-ui", name="Wishlist")
RED: Verdict = "reproduced"
GREEN: Verdict = "not_reproduced"
LOST: Verdict = "inconclusive"


class Commits:
    """Two commits whose tests have the verdicts, and whose commands the failures, that a test gives them."""

    def __init__(self, verdicts: Mapping[tuple[str, str], Sequence[Verdict]], failing: Sequence[str] = ()) -> None:
        self._verdicts = verdicts
        self._failing = failing
        self.served: list[str] = []

    @contextmanager
    def serve(self, commit: str) -> Iterator[str]:
        self.served.append(commit)
        yield f"http://{commit}"

    def failure_of(self, commit: str, command: str) -> str:
        return f"`{command}`: ended with 1" if commit in self._failing else ""

    def run(self, spec: Spec, url: str, build: str, times: int) -> list[TestRun]:
        assert url == f"http://{build}"
        verdicts = self._verdicts[build, spec.spec_id]
        return [run(spec, build, verdict) for verdict in (list(verdicts) * times)[:times]]


def run(spec: Spec, build: str, verdict: Verdict, reason: Reason | None = None) -> TestRun:
    return TestRun(
        run_id="r",
        spec_id=spec.spec_id,
        spec_sha256="",
        build=build,
        app_url="",
        browser="chromium",
        verdict=verdict,
        reason="locator_lost" if verdict == LOST else reason,
        started_at="",
        duration_ms=0,
    )


def judged(commits: Commits, **checks: object) -> tuple[RefusalCode | None, str]:
    asked = Checks(spec=SPEC, times=3, **checks)  # type: ignore[arg-type] - a test gives what a check takes
    refusal = judge(commits, commits.run, asked, "base", "head").refusal
    return (refusal.code, refusal.why) if refusal else (None, "")


def test_patch_that_turns_the_test_green_and_nothing_red_is_admitted() -> None:
    commits = Commits({("head", "inc-1-ui"): [GREEN], ("head", "inc-2-ui"): [GREEN]})

    assert judged(commits, others=[OTHER]) == (None, "")
    assert commits.served == ["head"]


def test_test_that_is_not_red_on_the_base_proves_nothing() -> None:
    for verdict in (GREEN, LOST):
        commits = Commits({("base", "inc-1-ui"): [RED, verdict]})
        done = red_on(commits, commits.run, Checks(spec=SPEC, times=2), "base")

        assert done.refusal is not None
        assert done.refusal.code is RefusalCode.NOT_RED_BEFORE


def test_red_runs_on_the_base_are_kept() -> None:
    commits = Commits({("base", "inc-1-ui"): [RED]})

    done = red_on(commits, commits.run, Checks(spec=SPEC, times=4), "base")

    assert done.refusal is None
    assert len(done.red) == 4


def test_test_that_stays_red_refuses_the_patch() -> None:
    assert judged(Commits({("head", "inc-1-ui"): [GREEN, GREEN, RED]}))[0] is RefusalCode.STILL_RED


def test_test_that_cannot_be_run_through_refuses_the_patch() -> None:
    code, why = judged(Commits({("head", "inc-1-ui"): [LOST]}))

    assert code is RefusalCode.NOT_GREEN
    assert "locator_lost" in why


def test_other_test_that_turned_red_refuses_the_patch() -> None:
    verdicts = {("head", "inc-1-ui"): [GREEN], ("head", "inc-2-ui"): [RED], ("base", "inc-2-ui"): [GREEN]}

    code, why = judged(Commits(verdicts), others=[OTHER])

    assert code is RefusalCode.TURNED_RED
    assert "inc-2-ui" in why


def test_other_test_that_was_red_before_says_nothing() -> None:
    verdicts = {("head", "inc-1-ui"): [GREEN], ("head", "inc-2-ui"): [RED], ("base", "inc-2-ui"): [RED]}

    assert judged(Commits(verdicts), others=[OTHER]) == (None, "")


def test_failing_validation_refuses_the_patch_before_a_browser_starts() -> None:
    commits = Commits({}, failing=["head"])

    assert judged(commits, validate_command="make check") == (
        RefusalCode.VALIDATION_FAILED,
        "`make check`: ended with 1",
    )
    assert commits.served == []


def test_guessed_validation_counts_only_where_the_base_passes_it() -> None:
    green = {("head", "inc-1-ui"): [GREEN]}

    assert judged(Commits(green, failing=["base", "head"]), validate_command="npm test", is_inferred=True)[0] is None
    assert judged(Commits(green, failing=["base", "head"]), validate_command="npm test")[0] is not None
    assert judged(Commits(green, failing=["head"]), validate_command="npm test", is_inferred=True)[0] is not None
