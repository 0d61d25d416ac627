"""How often a file that was fixed is ranked first, for real bugs of five projects; and what a large repository costs.

The rankings see the commit before the fix and its past, and no model. Texts are masked: where a report names a file
that was fixed, the name is taken out; the figures with the texts as they were written stand beside them.

    python -m bench.ranking [--cases FILE --repositories DIR] [--large 50000]

DIR holds bare git directories, each called or below a folder called as its project: `owner+name`, `name` or `name.git`.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, print_figures
from bench.ranking.cases import Case, read_cases
from bench.ranking.large import write_large_repository
from retrace_assets.culprits.clues import clues_of_text
from retrace_assets.culprits.ranking import rank
from retrace_assets.culprits.stored_index import index_of
from retrace_resources.repository import Repository

FIRST, AMONG_FIVE = 0.50, 0.80
FIRST_SECONDS, NEXT_SECONDS = 20.0, 2.0

_DEEP = 1_000
_LARGE_REPORT = 'The voucher is not applied on the billing page: POST /api/orders/12 answers 500 after "Apply coupon"'


@dataclass(frozen=True)
class Outcome:
    """A case, the place of the first file that was fixed in its ranking, and what the ranking took."""

    case: Case
    place: int
    index_seconds: float
    rank_seconds: float


def main() -> int:
    """Rank, print; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=Path)
    parser.add_argument("--cases", type=Path, help="bugs, one JSON object a line")
    parser.add_argument("--large", type=int, default=0, help="files of a repository to measure seconds on")
    parser.add_argument("--verbose", action="store_true", help="a line a case")
    options = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        if options.repositories is not None and options.cases is not None:
            figures += _accuracy(Path(folder), options.repositories, read_cases(options.cases), options.verbose)
        else:
            print("no accuracy: give a file of cases and --repositories with bare clones of their projects, made with")
            print("  git clone --bare https://github.com/OWNER/NAME DIR/NAME.git")
        if options.large:
            figures += _cost(Path(folder), options.large)
    return print_figures(figures)


def _accuracy(home: Path, repositories: Path, cases: Sequence[Case], verbose: bool) -> list[Figure]:
    known = {name: _find(repositories, name) for name in sorted({case.repo for case in cases})}
    for name in (name for name, path in known.items() if path is None):
        target = repositories / f"{name.rpartition('/')[2]}.git"
        print(f"not there: {name}; git clone --bare https://github.com/{name} {target}")
    there = [(case, Repository(path)) for case in cases if (path := known[case.repo]) is not None]
    masked = [_ranked(home, case, git, case.masked) for case, git in there]
    plain = [_ranked(home, case, git, case.text) for case, git in there]
    if verbose:
        for outcome in masked:
            print(
                f"{outcome.place:>5}  {outcome.case.tier}  {outcome.case.id}  {', '.join(outcome.case.fixed_files[:3])}"
            )
    print(f"{len(there)} bugs of {len(cases)}")
    return [
        *_figures("all", masked, targets=True),
        *_figures("tier A", [each for each in masked if each.case.tier == "A"]),
        *_figures("tier B", [each for each in masked if each.case.tier == "B"]),
        *_figures("all, texts not masked", plain),
        Figure("indexing a commit, mean", _mean(masked, lambda each: each.index_seconds), "s"),
        Figure("ranking an incident, mean", _mean(masked, lambda each: each.rank_seconds), "s", NEXT_SECONDS),
    ]


def _ranked(home: Path, case: Case, git: Repository, text: str) -> Outcome:
    started = time.monotonic()
    index, _ = index_of(home, git, case.parent_sha)
    indexed = time.monotonic()
    ranked = rank(index, case.clues(text), lambda paths: git.read(case.parent_sha, paths), top=_DEEP)
    place = next((culprit.rank for culprit in ranked if culprit.path in case.fixed_files), _DEEP)
    return Outcome(case, place, indexed - started, time.monotonic() - indexed)


def _figures(name: str, outcomes: Sequence[Outcome], *, targets: bool = False) -> list[Figure]:
    if not outcomes:
        return []
    goals = {1: FIRST, 5: AMONG_FIVE} if targets else {}
    accuracies = [
        Figure(f"{name}, Acc@{top}", _share_within(outcomes, top), "", goals.get(top), at_least=True)
        for top in (1, 3, 5)
    ]
    return [*accuracies, Figure(f"{name}, mean reciprocal rank", _mean(outcomes, lambda each: 1 / each.place), "")]


def _share_within(outcomes: Sequence[Outcome], top: int) -> float:
    return _mean(outcomes, lambda each: each.place <= top)


def _mean(outcomes: Sequence[Outcome], value: Callable[[Outcome], float]) -> float:
    return sum(map(value, outcomes)) / max(len(outcomes), 1)


def _cost(home: Path, files: int) -> list[Figure]:
    path = home / "large.git"
    write_large_repository(path, files)
    seconds = [_seconds(home, path) for _ in range(2)]
    return [
        Figure(f"{files:,} files, first ranking", seconds[0], "s", FIRST_SECONDS),
        Figure(f"{files:,} files, next ranking", seconds[1], "s", NEXT_SECONDS),
    ]


def _seconds(home: Path, path: Path) -> float:
    """How long it takes to rank for an incident in a process that knows nothing yet."""
    started = time.monotonic()
    git = Repository(path)
    commit = git.commit_of()
    index, _ = index_of(home, git, commit)
    assert rank(index, clues_of_text(_LARGE_REPORT), lambda paths: git.read(commit, paths))
    return time.monotonic() - started


def _find(repositories: Path, name: str) -> Path | None:
    owner, _, short = name.partition("/")
    candidates = (repositories / called for called in (f"{owner}+{short}", short, f"{short}.git", name, f"{name}.git"))
    inside = (each for folder in candidates for each in (folder / "repo", folder / ".git", folder))
    return next((each for each in inside if (each / "HEAD").is_file()), None)


if __name__ == "__main__":
    sys.exit(main())
