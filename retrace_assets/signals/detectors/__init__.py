"""The detectors there are.

Belongs here: their list, and choosing among them by configuration. Does not: any rule (one file a detector).
"""

from collections.abc import Mapping
from typing import Any

from retrace_assets.signals.detector import Detector
from retrace_assets.signals.detectors import (
    blank_render,
    console_error,
    dead_click,
    error_click,
    error_toast,
    failed_chunk,
    network_4xx,
    network_5xx,
    rage_click,
    session_abandon_on_error,
    slow_request,
    thrashed_cursor,
)
from retrace_core.errors import ErrorCode, RetraceError

DETECTORS: dict[str, Detector[Any]] = {
    detector.name: detector
    for detector in (
        console_error.DETECTOR,
        network_4xx.DETECTOR,
        network_5xx.DETECTOR,
        rage_click.DETECTOR,
        dead_click.DETECTOR,
        error_toast.DETECTOR,
        blank_render.DETECTOR,
        session_abandon_on_error.DETECTOR,
        error_click.DETECTOR,
        failed_chunk.DETECTOR,
        slow_request.DETECTOR,
        thrashed_cursor.DETECTOR,
    )
}


def enabled_detectors(configuration: Mapping[str, object]) -> tuple[Detector[Any], ...]:
    """Choose detectors as `detectors:` in config.yaml says, and where it says nothing as they are by default.

    A detector's value is true, false, or a mapping of its thresholds. Names that no detector has are left to the
    settings, which warn about them. Raises `config_invalid`.
    """
    return tuple(
        chosen
        for name, detector in DETECTORS.items()
        if (chosen := _chosen(detector, configuration.get(name, detector.on_by_default))) is not None
    )


def _chosen(detector: Detector[Any], value: object) -> Detector[Any] | None:
    if isinstance(value, Mapping):
        return detector.configured(value)
    if not isinstance(value, bool):
        raise RetraceError(
            ErrorCode.CONFIG_INVALID, f"`detectors.{detector.name}` is {value!r}, expected true, false or thresholds"
        )
    return detector if value else None
