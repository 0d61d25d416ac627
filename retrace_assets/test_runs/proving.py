"""Certificates as files: `ui-tests/certificates/<incident>.json`.

Belongs here: issuing one of the runs there are, and where it lies. Does not: which runs prove (certify), or what makes
one hold (retrace_core.certificate).
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from retrace_assets.test_runs.certify import certify
from retrace_assets.test_runs.update import runs_of
from retrace_core.certificate import Certificate
from retrace_core.spec import Spec
from retrace_resources.lake import Lake
from retrace_resources.whole_file import write_whole


def issue_certificate(lake: Lake, home: Path, spec: Spec, incident_id: str, *, times: int) -> Certificate:
    """Prove a test by the runs there are and keep the proof; raises `certificate_invalid` saying which are missing."""
    rows = runs_of(lake, spec.spec_id)
    certificate = certify(spec, incident_id, rows, times=times, issued_at=datetime.now(UTC))
    content = msgspec.json.format(msgspec.json.encode(certificate), indent=2) + b"\n"
    write_whole(certificate_path(home, incident_id), content)
    return certificate


def certificate_path(home: Path, incident_id: str) -> Path:
    """Where an incident's certificate lies."""
    return home / "ui-tests" / "certificates" / f"{Path(incident_id).name.lower()}.json"
