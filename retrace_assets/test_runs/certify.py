"""Which runs prove a test: the latest build it was red on every time, and the latest other it was green on every time.

Belongs here: choosing among the rows of `test_runs`, and saying what is missing. Does not: the form of the proof
(retrace_core.certificate).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from retrace_core.certificate import Certificate, ProvenRun, Side, sealed
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Spec
from retrace_core.spec_file import spec_hash
from retrace_core.test_run import Verdict

TIMES: Final = 5
"""Runs a side: a test that is wrong one time in three passes five in a row one time in eight, and is then seen here."""

_Row = Mapping[str, Any]


def certify(
    spec: Spec, incident_id: str, rows: Sequence[_Row], *, times: int = TIMES, issued_at: datetime
) -> Certificate:
    """Prove a spec by rows of `test_runs`; raises `certificate_invalid` saying which side lacks what.

    Only runs of the spec as it is now count. A side is the latest run of equal verdicts on one build, of at least
    `times`; a later run of that build with another verdict undoes it.
    """
    digest = spec_hash(spec)
    runs = sorted((row for row in rows if row["spec_sha256"] == digest), key=lambda row: row["started_at"])
    red, green = _side(runs, "reproduced", times), _side(runs, "not_reproduced", times)
    if red is None or green is None:
        missing = [_missing("red", runs, "reproduced", times)] if red is None else []
        missing += [_missing("green", runs, "not_reproduced", times)] if green is None else []
        raise RetraceError(
            ErrorCode.CERTIFICATE_INVALID,
            "; ".join(missing),
            hint=f"retrace tester run {spec.spec_id} --app-url URL --build NAME --times {times}",
        )
    return sealed(
        Certificate(
            incident_id=incident_id,
            session_id=spec.source.session_id,
            spec=spec,
            spec_sha256=digest,
            red=red,
            green=green,
            issued_at=f"{issued_at:%Y-%m-%dT%H:%M:%SZ}",
        )
    )


def _side(runs: Sequence[_Row], verdict: Verdict, times: int) -> Side | None:
    by_build: dict[str, list[_Row]] = {}
    for row in runs:
        by_build.setdefault(row["build"], []).append(row)
    proven = [_last_streak(of_build) for of_build in by_build.values()]
    fitting = [streak for streak in proven if streak[0]["verdict"] == verdict and len(streak) >= times]
    if not fitting:
        return None
    latest = max(fitting, key=lambda streak: streak[-1]["started_at"])[-times:]
    return Side(latest[0]["build"], verdict, tuple(map(_proven_run, latest)))


def _last_streak(runs: Sequence[_Row]) -> list[_Row]:
    """The latest runs of one verdict without another between them, oldest first."""
    return [list(streak) for _, streak in groupby(runs, key=lambda row: row["verdict"])][-1]


def _proven_run(row: _Row) -> ProvenRun:
    started_at = f"{row['started_at'].isoformat(timespec='milliseconds')}Z"
    return ProvenRun(row["run_id"], started_at, row["run_dir"], row["run_sha256"])


def _missing(colour: str, runs: Sequence[_Row], verdict: Verdict, times: int) -> str:
    number = max((len(streak) for streak in _streaks(runs) if streak[0]["verdict"] == verdict), default=0)
    return f"{colour} {number} of {times} times in a row on one build"


def _streaks(runs: Sequence[_Row]) -> list[list[_Row]]:
    builds = {row["build"] for row in runs}
    return [_last_streak([row for row in runs if row["build"] == build]) for build in builds]
