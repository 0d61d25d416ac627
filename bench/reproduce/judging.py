"""Running the tests that were made: red on the build with the bug, green on the one without, quiet on the others.

Belongs here: the runs of one test and what they come to. Does not: recording (recording), which bugs there are.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from retrace_core.spec import Spec
from retrace_core.spec_steps import Locator
from retrace_core.test_run import TestRun, Verdict
from retrace_resources.engine.engine import Engine
from retrace_resources.engine.options import RunOptions

# A locator is a good one when it is by what a person perceives, or by a name made for tests.
_PERCEIVED: Final = frozenset(("test_id", "role", "label"))

# Brings the build up that is to be judged: with the bug, without, or with another of the app's bugs.
Serve = Callable[[], str]


@dataclass
class Judged:
    """What the runs of one test were."""

    bug: str
    incident_id: str
    spec: Spec
    red: list[TestRun] = field(default_factory=list)
    green: list[TestRun] = field(default_factory=list)
    others: list[TestRun] = field(default_factory=list)

    @property
    def is_proven(self) -> bool:
        """Whether it was red each time with the bug and green each time without."""
        return _all(self.red, "reproduced") and _all(self.green, "not_reproduced")

    @property
    def wrong(self) -> int:
        """Runs that said the opposite of what is so; an inconclusive one says nothing."""
        false_green = sum(run.verdict == "not_reproduced" for run in self.red)
        return false_green + sum(run.verdict == "reproduced" for run in (*self.green, *self.others))

    @property
    def runs(self) -> int:
        """All there were."""
        return len(self.red) + len(self.green) + len(self.others)

    @property
    def locators(self) -> tuple[int, int]:
        """How many of its steps find their element by test id, role or label, and how many find one."""
        named = (getattr(step, "locator", None) for step in self.spec.exact_steps)
        found = [locator for locator in named if isinstance(locator, Locator)]
        return sum(locator.by in _PERCEIVED for locator in found), len(found)

    def line(self) -> str:
        """One line of the table."""
        why = next((run for run in (*self.red, *self.green) if run.verdict == "inconclusive"), None)
        good = sum(run.verdict == "reproduced" for run in self.red)
        quiet = sum(run.verdict == "not_reproduced" for run in self.green)
        other = sum(run.verdict == "not_reproduced" for run in self.others)
        sign = "ok" if self.is_proven else "NO"
        return (
            f"{sign}  {self.bug:<18} {self.incident_id}  {len(self.spec.exact_steps):>2} steps"
            f"  red {good}/{len(self.red)}  green {quiet}/{len(self.green)}"
            + (f"  others {other}/{len(self.others)}" if self.others else "")
            + f"  locators {'/'.join(map(str, self.locators))}"
            + (f"  {why.reason}: {why.detail[:80]}" if why else "")
        )


def _all(runs: Sequence[TestRun], verdict: Verdict) -> bool:
    return bool(runs) and all(run.verdict == verdict for run in runs)


def run_times(engine: Engine, spec: Spec, url: str, values: dict[str, str], times: int) -> list[TestRun]:
    """Run a test so many times; nothing is kept."""
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        options = RunOptions(app_url=url, values=values)
        return [engine.run(spec, options, f"run-{number}", Path(folder) / str(number)) for number in range(times)]
