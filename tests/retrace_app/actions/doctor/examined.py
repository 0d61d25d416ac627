"""What an examination of the working directory finds."""

from retrace_app.actions.doctor.examination import examine
from retrace_app.actions.doctor.finding import Finding, Status


def findings(*, fix: bool = False) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(None, fix=fix).findings}


def statuses(*, fix: bool = False) -> dict[str, Status]:
    """What is not well."""
    return {name: finding.status for name, finding in findings(fix=fix).items() if finding.status != "ok"}
