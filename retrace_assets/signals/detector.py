"""What a detector is: a documented rule with thresholds and a version.

Belongs here: the pieces every detector has, and reading its thresholds from the configuration. Does not: any rule
(detectors/), or which detectors there are (detectors/__init__).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Generic, TypeVar

import polars as pl

from retrace_assets.signals.findings import conform
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import public_id


@dataclass(frozen=True)
class DetectorOptions:
    """Thresholds of a detector; each says its unit in its name and its source in the detector's docstring."""

    @property
    def future_ms(self) -> int:
        """How long a window must have been recorded after an event before it is judged."""
        return 0


OptionsT = TypeVar("OptionsT", bound=DetectorOptions)


@dataclass(frozen=True)
class Recordings:
    """What detectors read of some sessions.

    `events` has the columns of `replay_events` in the order of `findings.in_order`, `windows` those of
    `findings.WINDOWS_SCHEMA`, `page` those of `page_changes` in the same order as the events.
    """

    events: pl.DataFrame
    windows: pl.DataFrame
    page: pl.DataFrame


@dataclass(frozen=True)
class Detector(Generic[OptionsT]):
    """A rule that turns the events of many sessions into findings, with the thresholds in force.

    `kinds` are the kinds of `replay_events` it reads. `code_version` goes up whenever the same events and thresholds
    may give other findings. One that is not `on_by_default` judges only where somebody switched it on.
    """

    name: str
    documentation: str
    code_version: int
    kinds: frozenset[str]
    options: OptionsT
    rule: Callable[[Recordings, OptionsT], pl.DataFrame]
    on_by_default: bool = True

    @property
    def rule_version(self) -> str:
        """Hash of the thresholds and the code's version: what a signal was made by."""
        thresholds = (f"{name}={value}" for name, value in sorted(asdict(self.options).items()))
        return public_id("rule_", self.name, str(self.code_version), *thresholds)

    def find(self, recordings: Recordings) -> pl.DataFrame:
        """Judge recordings; a finding has the columns of FINDING_SCHEMA, the detector's name and its rule's version."""
        known = replace(recordings, events=recordings.events.filter(pl.col("kind").is_in(self.kinds)))
        findings = conform(self.rule(known, self.options))
        return findings.with_columns(detector=pl.lit(self.name), rule_version=pl.lit(self.rule_version))

    def configured(self, thresholds: Mapping[str, object]) -> "Detector[OptionsT]":
        """Take other thresholds; raises `config_invalid` for one that does not exist or is no whole number above 0."""
        names = [option.name for option in fields(self.options)]
        for name, value in thresholds.items():
            key = f"detectors.{self.name}.{name}"
            if name not in names:
                hint = f"options of {self.name}: {', '.join(names) or 'none'}"
                raise RetraceError(ErrorCode.CONFIG_INVALID, f"`{key}` is no option", hint=hint)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise RetraceError(ErrorCode.CONFIG_INVALID, f"`{key}` is {value!r}, expected a whole number above 0")
        return replace(self, options=replace(self.options, **thresholds))
