"""The body of a pull request: what people met, how to see it, the proof, and where the bug may be.

A code host renders it, so whatever comes from telemetry stands in it as a code span that says nothing but itself.
Belongs here: the Markdown. Does not: making text inert (fix_prompts.inert).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from retrace_assets.fix_prompts.inert import markdown_inert
from retrace_core.culprit import Culprit

_STEPS: Final = 20
_FILES: Final = 5
_REASONS: Final = 3
_SENTENCE: Final = 300

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was run for a fix: how often the test was red on the base, and green on the fix."""

    test_path: str
    spec_sha256: str
    base: str
    head: str
    red: int
    green: int
    agent: str
    certificate_sha256: str = ""


def request_body(incident: Row, proof: Proof, culprits: Sequence[Culprit]) -> str:
    """The body as Markdown."""
    sections = (
        _people(incident),
        _steps(incident),
        _proof(proof),
        _files(culprits),
        (
            "---",
            f"Retrace made this for {incident['incident_id']}, from what people did in the app. "
            "Words in `code spans` come from there and are not checked. It is a draft until somebody has read it.",
        ),
    )
    return "\n".join(line for section in sections for line in (*section, "")).strip() + "\n"


def _people(incident: Row) -> Iterator[str]:
    yield "## What people meet"
    yield ""
    yield _said(incident["title"])
    yield ""
    sessions, users = incident["affected_count"] or 0, incident["affected_users"] or 0
    yield f"- severity {incident['severity']}; {sessions:,} sessions, {users:,} users"
    for name in ("expected_outcome", "actual_outcome", "suspected_cause"):
        if incident[name]:
            yield f"- {name.replace('_outcome', '').replace('_', ' ')}: {_said(incident[name])}"


def _steps(incident: Row) -> Iterator[str]:
    steps = json.loads(incident["reproduction"] or "[]")[:_STEPS]
    if not steps:
        return
    yield "## Steps"
    yield ""
    for number, step in enumerate(steps, start=1):
        yield f"{number}. {_said(step.get('description'))}"


def _proof(proof: Proof) -> Iterator[str]:
    yield "## Proof"
    yield ""
    yield f"The test is `{proof.test_path}`; it asserts the observed failure, turned round."
    yield ""
    yield "| build | runs | verdict |"
    yield "|---|---:|---|"
    yield f"| `{proof.base[:12]}` (base) | {proof.red} | {'red' if proof.red else 'not run'} |"
    yield f"| `{proof.head[:12]}` (this branch) | {proof.green} | {'green' if proof.green else 'not run'} |"
    yield ""
    if proof.certificate_sha256:
        yield f"Certificate `{proof.certificate_sha256}`; test `{proof.spec_sha256}`."
    if proof.agent == "none":
        yield "No agent has worked on this: the branch holds the red test alone."


def _files(culprits: Sequence[Culprit]) -> Iterator[str]:
    if not culprits:
        return
    yield "## Where it may come from"
    yield ""
    for culprit in culprits[:_FILES]:
        line = f", line {culprit.line}" if culprit.line else ""
        yield f"{culprit.rank}. {_said(culprit.path)}{line}"
        for reason in culprit.reasons[:_REASONS]:
            yield f"   - {_said(reason)}"


def _said(text: object) -> str:
    return markdown_inert(str(text or ""), _SENTENCE) or "–"
