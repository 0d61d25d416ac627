"""The examination: every check in order, repairs where they are wanted, and the verdict.

Belongs here: going through the checks, and what a check that itself fails counts as. Does not: any check.
"""

from dataclasses import dataclass
from pathlib import Path

from retrace_app.actions.doctor import fixes, home, pipeline, surroundings
from retrace_app.actions.doctor.finding import Check, Finding, Status
from retrace_core.errors import RetraceError
from retrace_resources.settings import DEFAULT_CONFIG_PATH, Settings, load_settings

_CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Examination:
    """What all checks found; healthy when none of them failed."""

    healthy: bool
    findings: list[Finding]


def examine(config_path: Path | None, *, fix: bool) -> Examination:
    """Make every check; with `fix`, repair what is safe to and look again.

    Without a configuration that can be read nothing else is known, so nothing else is looked at.
    """
    try:
        settings = load_settings(config_path)
    except RetraceError as error:
        broken = Finding(_CONFIGURATION, "fail", error.detail or error.code.sentence, error.hint)
        return Examination(healthy=False, findings=[broken])
    path = config_path or DEFAULT_CONFIG_PATH
    findings = [_configuration(path, settings)]
    findings += [_made(check, settings, fix=fix) for check in _checks(path)]
    return Examination(all(finding.status != "fail" for finding in findings), findings)


def _checks(config_path: Path) -> tuple[Check, ...]:
    return (
        home.HOME,
        home.privacy(config_path.parent / ".env"),
        home.CLOCK,
        home.DISK,
        home.STATE_STORE,
        home.LAKE,
        pipeline.DAGSTER,
        pipeline.RUNS,
        pipeline.OPEN_SEGMENTS,
        pipeline.LANDING,
        pipeline.POISON,
        surroundings.RECORDER,
        surroundings.KEYS,
        surroundings.BROWSER,
        surroundings.DOOR,
        fixes.SANDBOX,
        fixes.REPOSITORIES,
        *surroundings.INTEGRATIONS,
    )


def _configuration(path: Path, settings: Settings) -> Finding:
    if settings.warnings:
        return Finding(_CONFIGURATION, "warn", "; ".join(settings.warnings), f"correct {path}")
    if not path.exists():
        return Finding(_CONFIGURATION, "warn", f"there is no {path}; the defaults hold", "retrace quickstart")
    return Finding(_CONFIGURATION, "ok", f"{path} can be read")


def _made(check: Check, settings: Settings, *, fix: bool) -> Finding:
    status, found, next_step = _look(check, settings)
    if not fix or status == "ok" or check.repair is None:
        return Finding(check.name, status, found, next_step)
    try:
        repaired = check.repair(settings)
    except Exception as error:  # noqa: BLE001 - a repair that fails is a finding like any other
        status, found, next_step = _failed(error)
        return Finding(check.name, status, f"could not be repaired: {found}", next_step)
    return Finding(check.name, *_look(check, settings), repaired)


def _look(check: Check, settings: Settings) -> tuple[Status, str, str]:
    try:
        return check.look(settings)
    except Exception as error:  # noqa: BLE001 - whatever breaks under a check, the others are still made
        return _failed(error)


def _failed(error: Exception) -> tuple[Status, str, str]:
    if isinstance(error, RetraceError):
        return "fail", error.detail or error.code.sentence, error.hint
    return "fail", " ".join(f"{type(error).__name__}: {error}".split()), ""
