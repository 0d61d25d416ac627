"""What a prompt may say of an incident: typed facts, and texts with where they come from.

Two kinds, kept apart. Ids, names of a closed set, numbers and files that are in the repository are the operator's: they
are checked here, so that no text of a page can pass for one. All other texts are evidence: inert, bounded and labelled.
Belongs here: choosing, checking and labelling. Does not: reading rows (update), or the wording of a prompt (prompt).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, groupby, islice
from typing import Any, Final, Literal, TypeVar

import msgspec

from retrace_assets.fix_prompts.inert import LONG, SHORT, inert, inert_texts
from retrace_assets.fix_prompts.words import assertion_in_words, step_in_words
from retrace_core.culprit import Culprit
from retrace_core.spec import Spec

Provenance = Literal["browser-untrusted", "server-signed", "operator"]
"""Who could have written a text: anybody with a browser, a server that signs what it sends, or who runs Retrace."""

FILES_NAMED: Final = 8
FILES_BYTES: Final = 6_000
EVIDENCE_BYTES: Final = 13_000
"""What files and evidence may take of a prompt, encoded as JSON: the rest of 24 KB is the operator's words."""

_REASONS: Final = 4
_OWNERS: Final = 4
_STEPS: Final = 20
_EXCERPTS: Final = 5
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,120}")
_BUILD: Final = re.compile(r"[\w.+-]{1,80}", re.ASCII)
_METHOD: Final = re.compile(r"[A-Z]{3,10}")
_UNKNOWN: Final = "unknown"

# A page's own telemetry is what anybody with a browser sends; only what came another way is anything else.
_PROVENANCE: Final[Mapping[str, Provenance]] = {"manual": "operator", "pr_review": "server-signed"}

Row = Mapping[str, Any]
ItemT = TypeVar("ItemT")


class Text(msgspec.Struct, frozen=True):
    """A text of the evidence: inert, and from whom."""

    name: str
    text: str
    provenance: Provenance


class RankedFile(msgspec.Struct, frozen=True):
    """A file of the repository that may hold the bug; `reasons` may quote evidence, and are inert."""

    rank: int
    path: str
    line: int | None
    score: float
    reasons: tuple[str, ...]
    owners: tuple[str, ...]


class RedRuns(msgspec.Struct, frozen=True):
    """How often in a row the test was red on the build it ran on last; `build` is empty unless it is a plain word."""

    times: int
    build: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that a prompt is made of; `refused` says in the operator's words what no patch may do.

    What is empty, or 0, is not known: a finding of a report is nothing but its text.
    """

    incident_id: str
    severity: str = ""
    confidence: str = ""
    source_kind: str = ""
    detector: str = ""
    sessions: int = 0
    users: int = 0
    repo: str = ""
    commit_sha: str = ""
    spec_id: str = ""
    red: RedRuns | None = None
    refused: tuple[str, ...] = ()
    files: tuple[RankedFile, ...] = ()
    evidence: tuple[Text, ...] = ()
    left_out: int = 0


def facts_of(
    incident: Row,
    spec: Spec | None = None,
    culprits: Sequence[Culprit] = (),
    runs: Sequence[Row] = (),
    *,
    repo: str = "",
    commit_sha: str = "",
    refused: Sequence[str] = (),
) -> Facts:
    """The facts of a row of `incidents`; `runs` are rows of `test_runs` of its test as it is, the latest first.

    Evidence is in order of what it says of the cause, so that what does not fit is the least of it.
    """
    evidence = _decoded(incident["evidence"], {})
    texts = [*_incident_texts(incident, evidence), *_run_texts(runs), *_spec_texts(spec)]
    return msgspec.structs.replace(
        _facts(incident["incident_id"], texts, culprits, repo=repo, commit_sha=commit_sha, refused=refused),
        severity=_checked(_WORD, incident["severity"]),
        confidence=_checked(_WORD, incident["confidence"]),
        source_kind=_checked(_WORD, incident["source_kind"]),
        detector=_checked(_WORD, evidence.get("detector")),
        sessions=int(incident["affected_count"] or 0),
        users=int(incident["affected_users"] or 0),
        spec_id=_checked(_ID, spec.spec_id) if spec else "",
        red=_red(runs),
    )


def facts_of_finding(
    name: str,
    lines: Sequence[str],
    culprits: Sequence[Culprit] = (),
    *,
    repo: str = "",
    commit_sha: str = "",
    refused: Sequence[str] = (),
) -> Facts:
    """The facts of a finding in a report, whose text anybody's browser may have had a part in."""
    texts = [Text("report", line, "browser-untrusted") for line in lines]
    return _facts(name, texts, culprits, repo=repo, commit_sha=commit_sha, refused=refused)


def ranked_files(culprits: Sequence[Culprit]) -> tuple[RankedFile, ...]:
    """The likeliest files, without those whose path means something else once it is inert."""
    paths = inert_texts([each.path for each in culprits], SHORT)
    named = [each for each, path in zip(culprits, paths, strict=True) if path == each.path][:FILES_NAMED]
    reasons = _inert_lists([each.reasons[:_REASONS] for each in named])
    owners = _inert_lists([each.owners[:_OWNERS] for each in named])
    return _within(
        [
            RankedFile(each.rank, each.path, each.line, each.score, why, who)
            for each, why, who in zip(named, reasons, owners, strict=True)
        ],
        FILES_BYTES,
    )


def _facts(
    name: str, texts: Iterable[Text], culprits: Sequence[Culprit], *, repo: str, commit_sha: str, refused: Sequence[str]
) -> Facts:
    evidence = _made_inert(texts)
    kept = _within(evidence, EVIDENCE_BYTES)
    return Facts(
        incident_id=_checked(_ID, name),
        repo=inert(repo, SHORT),
        commit_sha=_checked(_ID, commit_sha) if commit_sha else "",
        refused=tuple(refused),
        files=ranked_files(culprits),
        evidence=kept,
        left_out=len(evidence) - len(kept),
    )


def _within(items: Sequence[ItemT], most: int) -> tuple[ItemT, ...]:
    """The first items that together take at most so many bytes as JSON."""
    sizes = accumulate(len(msgspec.json.encode(item)) for item in items)
    return tuple(item for item, size in zip(items, sizes, strict=True) if size <= most)


def _inert_lists(lists: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    lines = iter(inert_texts([text for texts in lists for text in texts], SHORT))
    return [tuple(islice(lines, len(texts))) for texts in lists]


def _incident_texts(incident: Row, evidence: Mapping[str, Any]) -> Iterator[Text]:
    provenance = _PROVENANCE.get(str(incident["source_kind"]), "browser-untrusted")
    single = {
        "title": incident["title"],
        "summary": incident["summary"],
        "expected": incident["expected_outcome"],
        "actual": incident["actual_outcome"],
        "suspected_cause": incident["suspected_cause"],
        "page": evidence.get("primary_url") or incident["app_url"],
        "stack_frame": evidence.get("top_stack_frame"),
        "counterfactual": evidence.get("counterfactual"),
    }
    several = {
        "console": evidence.get("console_excerpts"),
        "request": map(_request, _rows(evidence.get("network_failures"))[:_EXCERPTS]),
        "step": (step.get("description") for step in _rows(_decoded(incident["reproduction"], []))[:_STEPS]),
    }
    for name, text in single.items():
        yield Text(name, str(text or ""), provenance)
    for name, texts in several.items():
        for text in list(texts or ())[:_STEPS]:
            yield Text(name, str(text or ""), provenance)


def _spec_texts(spec: Spec | None) -> Iterator[Text]:
    """The test was made of a recording, or edited by a person since; what it names is the page's either way."""
    if spec is None:
        return
    for step in spec.exact_steps[:_STEPS]:
        yield Text(f"test_step {_checked(_ID, step.id)}", step_in_words(step), "browser-untrusted")
    for assertion in spec.assertions:
        yield Text("test_asserts", assertion_in_words(assertion), "browser-untrusted")


def _run_texts(runs: Sequence[Row]) -> Iterator[Text]:
    if runs:
        yield Text("test_found", str(runs[0]["detail"] or ""), "browser-untrusted")


def _request(failure: Mapping[str, Any]) -> str:
    method = _checked(_METHOD, failure.get("method"))
    return f"{method} {failure.get('url') or ''} answered {_number(failure.get('status'))}"


def _red(runs: Sequence[Row]) -> RedRuns | None:
    """The latest streak, if it is red."""
    for (verdict, build), streak in groupby(runs, key=lambda run: (run["verdict"], run["build"])):
        return RedRuns(len(list(streak)), build if _BUILD.fullmatch(build) else "") if verdict == "reproduced" else None
    return None


def _made_inert(texts: Iterable[Text]) -> tuple[Text, ...]:
    kept = [each for each in texts if each.text]
    lines = inert_texts([each.text for each in kept], LONG)
    return tuple(Text(each.name, line, each.provenance) for each, line in zip(kept, lines, strict=True) if line)


def _checked(pattern: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else _UNKNOWN


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) else _UNKNOWN


def _decoded(text: object, otherwise: Any) -> Any:
    """JSON of a row; `otherwise` where it is none, or of another shape."""
    try:
        value = json.loads(str(text))
    except ValueError:
        return otherwise
    return value if isinstance(value, type(otherwise)) else otherwise


def _rows(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
