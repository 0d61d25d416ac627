"""A certificate: the same test red so many times on one build and green so many times on another.

Belongs here: the shape of the file, and what makes one hold, checked without a network and without a browser. Does not:
which runs go into one (retrace_assets.test_runs.certify), or running anything.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from retrace_core.spec import Spec
from retrace_core.spec_file import spec_hash
from retrace_core.test_run import TestRun, Verdict

VERSION: Final = "certificate.v1"

# Gives the bytes of a file by its path relative to RETRACE_HOME, or None where there is none.
ReadFile = Callable[[str], bytes | None]


class ProvenRun(msgspec.Struct, frozen=True):
    """One run: its folder relative to RETRACE_HOME and the SHA-256 of its record, which names all its artifacts."""

    run_id: str
    started_at: str
    run_dir: str
    run_sha256: str


class Side(msgspec.Struct, frozen=True):
    """What one build showed: the commit or name of the build, and its runs, all with the same verdict."""

    build: str
    verdict: Verdict
    runs: tuple[ProvenRun, ...]


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that a test tells the build with the bug from the one without; `sha256` is over all other fields."""

    schema: str = VERSION
    incident_id: str
    session_id: str
    spec: Spec
    spec_sha256: str
    red: Side
    green: Side
    issued_at: str
    sha256: str = ""


def sealed(certificate: Certificate) -> Certificate:
    """The certificate with its own hash."""
    return msgspec.structs.replace(certificate, sha256=_digest(certificate))


def problems(certificate: Certificate, read: ReadFile) -> list[str]:
    """Say all that keeps a certificate from holding: what was changed, is missing, or never was proof. Empty: it holds.

    Every run's record and every artifact it names are read and hashed.
    """
    return list(_problems(certificate, read))


def _problems(certificate: Certificate, read: ReadFile) -> Iterator[str]:
    if certificate.schema != VERSION:
        yield f"its schema is {certificate.schema!r}; this program checks {VERSION!r}"
        return
    if certificate.sha256 != _digest(certificate):
        yield "the certificate was changed after it was issued"
    if certificate.spec_sha256 != spec_hash(certificate.spec):
        yield "the test in it is not the one that was run"
    if certificate.red.build == certificate.green.build:
        yield f"red and green are of the same build, {certificate.red.build!r}"
    yield from _side_problems(certificate, certificate.red, "reproduced", read)
    yield from _side_problems(certificate, certificate.green, "not_reproduced", read)


def _side_problems(certificate: Certificate, side: Side, verdict: Verdict, read: ReadFile) -> Iterator[str]:
    if side.verdict != verdict:
        yield f"build {side.build!r} is said to be {side.verdict}, expected {verdict}"
    if not side.runs:
        yield f"build {side.build!r} has no run"
    if len({run.run_id for run in side.runs}) < len(side.runs):
        yield f"a run of build {side.build!r} is counted twice"
    for proven in side.runs:
        yield from _run_problems(certificate, side, proven, verdict, read)


def _run_problems(
    certificate: Certificate, side: Side, proven: ProvenRun, verdict: Verdict, read: ReadFile
) -> Iterator[str]:
    record = read(f"{proven.run_dir}/run.json")
    if record is None:
        yield f"{proven.run_id}: its record is gone"
        return
    if hashlib.sha256(record).hexdigest() != proven.run_sha256:
        yield f"{proven.run_id}: its record was changed"
        return
    try:
        run = msgspec.json.decode(record, type=TestRun)
    except msgspec.DecodeError as error:
        yield f"{proven.run_id}: its record cannot be read: {error}"
        return
    expected = (proven.run_id, certificate.spec_sha256, side.build, verdict)
    if (run.run_id, run.spec_sha256, run.build, run.verdict) != expected:
        yield f"{proven.run_id}: its record is of another run, test, build or verdict"
    for artifact in run.artifacts:
        content = read(f"{proven.run_dir}/{artifact.path}")
        if content is None:
            yield f"{proven.run_id}: {artifact.path} is gone"
        elif hashlib.sha256(content).hexdigest() != artifact.sha256:
            yield f"{proven.run_id}: {artifact.path} was changed"


def _digest(certificate: Certificate) -> str:
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(certificate, sha256=""))).hexdigest()
