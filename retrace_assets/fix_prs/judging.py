"""The part of the gate that runs things: the repository's own checks, the red test, and every other test.

Belongs here: the order of the runs and what each must show. Does not: starting an app (retrace_resources.builds),
running a test (retrace_resources.tester), or what is read from a patch alone (gate).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from retrace_assets.fix_prs.refusal import Refusal, RefusalCode
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Spec
from retrace_core.test_run import TestRun

RunTest = Callable[[Spec, str, str, int], Sequence[TestRun]]
"""Runs a test so many times on the build that answers at a URL: (spec, url, build, times)."""


class Served(Protocol):
    """Commits of a repository that can be checked and started."""

    def serve(self, commit: str) -> AbstractContextManager[str]:
        """Run the app of a commit; gives where it answers, or raises `app_not_started`."""

    def failure_of(self, commit: str, command: str) -> str:
        """Why a command fails on a commit; empty when it succeeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What a commit is judged by: the incident's test, the others, and a command of the repository.

    An `is_inferred` command counts only where it succeeds on the base: nobody said that it can.
    """

    spec: Spec
    others: Sequence[Spec] = ()
    validate_command: str = ""
    is_inferred: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the runs came to; `refusal` is the first thing that was not as it must be."""

    refusal: Refusal | None = None
    red: Sequence[TestRun] = ()
    green: Sequence[TestRun] = ()


def red_on(builds: Served, run: RunTest, checks: Checks, base: str) -> Judged:
    """Whether the test is red on the base, started as the fix will be: else its being green would say nothing."""
    with builds.serve(base) as url:
        runs = run(checks.spec, url, base, checks.times)
    odd = next((each for each in runs if each.verdict != "reproduced"), None)
    return Judged(refusal=_refusal(RefusalCode.NOT_RED_BEFORE, odd) if odd else None, red=runs)


def judge(builds: Served, run: RunTest, checks: Checks, base: str, head: str) -> Judged:
    """Judge a commit that is to be merged into `base`."""
    if failure := _failed_validation(builds, checks, base, head):
        return Judged(refusal=Refusal(RefusalCode.VALIDATION_FAILED, "", failure))
    try:
        return _run_all(builds, run, checks, base, head)
    except RetraceError as error:
        # The base did start: this one does not because of the patch.
        if error.code is not ErrorCode.APP_NOT_STARTED:
            raise
        return Judged(refusal=Refusal(RefusalCode.NOT_STARTED, "", error.detail))


def _run_all(builds: Served, run: RunTest, checks: Checks, base: str, head: str) -> Judged:
    with builds.serve(head) as url:
        runs = run(checks.spec, url, head, checks.times)
        odd = next((each for each in runs if each.verdict != "not_reproduced"), None)
        if odd is not None:
            code = RefusalCode.STILL_RED if odd.verdict == "reproduced" else RefusalCode.NOT_GREEN
            return Judged(refusal=_refusal(code, odd))
        suspects = [other for other in checks.others if _is_red(run(other, url, head, 1))]
    turned = next(_red_only_now(builds, run, suspects, base), None)
    return Judged(refusal=turned, green=runs)


def _failed_validation(builds: Served, checks: Checks, base: str, head: str) -> str:
    command = checks.validate_command
    failure = builds.failure_of(head, command) if command else ""
    if failure and checks.is_inferred and builds.failure_of(base, command):
        return ""
    return failure


def _red_only_now(builds: Served, run: RunTest, suspects: Sequence[Spec], base: str) -> Iterator[Refusal]:
    """Tests of bugs that nobody has fixed yet are red before and after."""
    if not suspects:
        return
    with builds.serve(base) as url:
        for spec in suspects:
            if not _is_red(run(spec, url, base, 1)):
                yield Refusal(
                    RefusalCode.TURNED_RED, "", f"the test {spec.spec_id!r} is red with it and was not before"
                )


def _is_red(runs: Sequence[TestRun]) -> bool:
    return any(run.verdict == "reproduced" for run in runs)


def _refusal(code: RefusalCode, run: TestRun) -> Refusal:
    why = ": ".join(filter(None, [run.reason or run.verdict, run.detail]))
    return Refusal(code, "", f"the test {run.spec_id!r} on {run.build[:12]}: {why}")
