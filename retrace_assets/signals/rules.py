"""The rules in force: what config.yaml says about detectors, overlaid by what people set.

What was set for an environment goes over what was set for its project, that over what was set for all projects, that
over config.yaml, and that over the detector's own defaults. Within one of these the later change wins; suppressions add
up until they are lifted. Belongs here: this overlay, and judging with what comes of it. Does not: a rule itself
(detectors), conditions (suppression), or how a change is asked for (the actions).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Final, Literal

import polars as pl

from retrace_assets.signals.detector import Detector, Recordings
from retrace_assets.signals.detectors import DETECTORS, enabled_detectors
from retrace_assets.signals.splits import Split, splits_of
from retrace_assets.signals.suppression import Suppression, is_suppressed, read_suppression
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import public_id
from retrace_resources.settings import Settings
from retrace_resources.state import RuleChange, StateStore

CONFIDENCES: Final = ("low", "medium", "high")

Source = Literal["default", "config.yaml", "stored"]
Tenant = tuple[str, str]


@dataclass(frozen=True)
class Rule:
    """A detector with the thresholds in force, and what it is told to leave alone.

    Findings below `min_confidence`, and those of a session that has fewer than `min_signals` of them, are left alone
    like suppressed ones.
    """

    detector: Detector[Any]
    suppressions: tuple[Suppression, ...] = ()
    min_confidence: str = "low"
    min_signals: int = 1

    @cached_property
    def version(self) -> str:
        """Hash of code, thresholds and all that is left alone: what a signal was made by."""
        if not self.suppressions and self.min_confidence == "low" and self.min_signals == 1:
            return self.detector.rule_version
        quiet = sorted(suppression.id for suppression in self.suppressions)
        return public_id("rule_", self.detector.rule_version, self.min_confidence, str(self.min_signals), *quiet)

    def find(self, recordings: Recordings) -> pl.DataFrame:
        """Judge recordings; a finding has what the detector gives it, and this rule's version.

        `suppressed` says whether it is left alone: such a finding may still be what others follow from.
        """
        findings = self.detector.find(recordings).with_columns(rule_version=pl.lit(self.version))
        doubtful = ~pl.col("confidence").is_in(CONFIDENCES[CONFIDENCES.index(self.min_confidence) :])
        judged = findings.with_columns(suppressed=is_suppressed(self.suppressions) | doubtful)
        if self.min_signals == 1:
            return judged
        session = ("project_id", "environment_id", "session_id")
        few = (~pl.col("suppressed")).sum().over(session) < self.min_signals
        return judged.with_columns(suppressed=pl.col("suppressed") | few)


RuleSet = tuple[Rule, ...]


@dataclass(frozen=True)
class Sourced:
    """A value, and where it comes from."""

    value: int | bool | str
    source: Source


@dataclass(frozen=True)
class Standing:
    """What is in force about one detector in one environment, and where each value comes from."""

    detector: Detector[Any]
    enabled: Sourced
    thresholds: Mapping[str, Sourced]
    min_confidence: Sourced = Sourced("low", "default")
    min_signals: Sourced = Sourced(1, "default")
    suppressions: Mapping[str, tuple[Suppression, RuleChange]] = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        """The rule that judges, whether or not it is on."""
        return Rule(
            self.detector.configured({name: sourced.value for name, sourced in self.thresholds.items()}),
            tuple(suppression for suppression, _ in self.suppressions.values()),
            str(self.min_confidence.value),
            int(self.min_signals.value),
        )


@dataclass(frozen=True)
class Rules:
    """The rules in force for every project and environment, and the bugs people have split."""

    configuration: Mapping[str, object]
    changes: Sequence[RuleChange] = ()
    splits: Sequence[Split] = ()
    _known: dict[Tenant, RuleSet] = field(default_factory=dict, compare=False, repr=False)

    def of(self, project_id: str, environment_id: str) -> RuleSet:
        """The detectors that are on in an environment, as they judge there."""
        scopes = {(change.project_id, change.environment_id) for change in self.changes}
        # Environments nobody said anything about are judged alike, together.
        tenant = next(
            (scope for scope in ((project_id, environment_id), (project_id, "")) if scope in scopes), ("", "")
        )
        if tenant not in self._known:
            self._known[tenant] = tuple(
                standing.rule for standing in self.standings(*tenant) if standing.enabled.value is True
            )
        return self._known[tenant]

    def proposing(self, change: RuleChange) -> "Rules":
        """The rules as they would be with one more change."""
        return Rules(self.configuration, (*self.changes, change), self.splits)

    def of_all(self, sessions: pl.DataFrame) -> set[RuleSet]:
        """Every set of rules that judges one of some sessions."""
        return {self.of(*tenant) for tenant in sessions.select("project_id", "environment_id").unique().iter_rows()}

    def standings(self, project_id: str = "", environment_id: str = "") -> list[Standing]:
        """What is in force about every detector, on or off; raises `config_invalid`."""
        # Checks all of it, and says what is wrong by its key.
        enabled_detectors(self.configuration)
        scopes = [("", ""), (project_id, ""), (project_id, environment_id)]
        holding = [change for change in self.changes if (change.project_id, change.environment_id) in scopes]
        return [
            _standing(detector, self.configuration.get(name), [change for change in holding if change.detector == name])
            for name, detector in DETECTORS.items()
        ]


@dataclass(frozen=True)
class _SameForAll(Rules):
    """Detectors as they are, in every environment."""

    detectors: tuple[Detector[Any], ...] = ()

    def of(self, project_id: str, environment_id: str) -> RuleSet:
        """All of them."""
        return self._known.setdefault(("", ""), tuple(map(Rule, self.detectors)))


def rules_in_force(settings: Settings, state: StateStore) -> Rules:
    """What is configured and set at this moment."""
    return Rules(settings.detectors, state.rule_changes(), splits_of(state.decisions()))


# Asked for in each transaction that writes signals: what was set before it began is what it judges by.
RulesNow = Callable[[], Rules]


def same_for_all(detectors: Iterable[Detector[Any]]) -> RulesNow:
    """Rules that are these detectors in every environment, whatever people set."""
    rules = _SameForAll({}, detectors=tuple(detectors))
    return lambda: rules


def checked_change(change: RuleChange) -> RuleChange:
    """Refuse a change that could not be followed: `detector_not_found`, or `rule_invalid` naming what is wrong."""
    detector = known_detector(change.detector)
    try:
        detector.configured({name: value for name, value in change.thresholds.items() if value is not None})
        known = {option.name for option in fields(detector.options)}
        detector.configured(dict.fromkeys(change.thresholds.keys() - known, 1))
    except RetraceError as error:
        detail = error.detail.replace(f"detectors.{detector.name}.", "")
        raise RetraceError(ErrorCode.RULE_INVALID, detail, hint=error.hint) from None
    if change.min_confidence not in ("", *CONFIDENCES):
        hint = f"one of {', '.join(CONFIDENCES)}"
        raise RetraceError(ErrorCode.RULE_INVALID, f"confidence is {change.min_confidence!r}", hint=hint)
    if change.min_signals is not None and change.min_signals < 1:
        raise RetraceError(ErrorCode.RULE_INVALID, f"signals a session is {change.min_signals}, 1 at least")
    for conditions in change.suppress:
        read_suppression(conditions)
    return change


def known_detector(name: str) -> Detector[Any]:
    """A detector by its name; raises `detector_not_found`."""
    if name not in DETECTORS:
        raise RetraceError(
            ErrorCode.DETECTOR_NOT_FOUND, f"no detector is called {name!r}", hint="retrace detectors list"
        )
    return DETECTORS[name]


def _standing(detector: Detector[Any], configured: object, changes: Sequence[RuleChange]) -> Standing:
    defaults = {option.name: getattr(detector.options, option.name) for option in fields(detector.options)}
    written = configured if isinstance(configured, Mapping) else {}
    base = {
        name: Sourced(written[name], "config.yaml") if name in written else Sourced(value, "default")
        for name, value in defaults.items()
    }
    enabled = Sourced(detector.on_by_default, "default")
    if configured is not None:
        enabled = Sourced(bool(configured) or isinstance(configured, Mapping), "config.yaml")
    thresholds, confidence, least = dict(base), Sourced("low", "default"), Sourced(1, "default")
    # The narrower scope goes over the wider one, whichever was set later.
    for change in sorted(changes, key=lambda change: (change.project_id != "", change.environment_id != "")):
        if change.enabled is not None:
            enabled = Sourced(change.enabled, "stored")
        # Set under another version of the program, a threshold may be none of ours.
        for name in change.thresholds.keys() & base.keys():
            value = change.thresholds[name]
            thresholds[name] = base[name] if value is None else Sourced(value, "stored")
        if change.min_confidence in CONFIDENCES:
            confidence = Sourced(change.min_confidence, "stored")
        if change.min_signals is not None:
            least = Sourced(change.min_signals, "stored")
    return Standing(detector, enabled, thresholds, confidence, least, _suppressions(changes))


def _suppressions(changes: Iterable[RuleChange]) -> dict[str, tuple[Suppression, RuleChange]]:
    """What is left alone, by id: each scope adds to the others, and lifting takes back what was said before it."""
    found: dict[str, tuple[Suppression, RuleChange]] = {}
    for change in changes:
        for suppression in _readable(change.suppress):
            found[suppression.id] = (suppression, change)
        for name in change.lift:
            found.pop(name, None)
    return found


def _readable(conditions: Iterable[Mapping[str, str]]) -> Iterable[Suppression]:
    """The suppressions this program understands: one it does not would quiet too much without the rest."""
    for written in conditions:
        try:
            yield read_suppression(written)
        except RetraceError:
            continue
