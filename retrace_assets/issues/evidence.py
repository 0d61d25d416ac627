"""What an issue shows for itself: its representative signal and examples of the others, however many there are.

Belongs here: the shape of `issues.evidence`. Does not: choosing the representative (clusters) or reading signals
(update).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from retrace_core.ids import replay_id

SIGNALS_SHOWN = 20
EXCERPTS_SHOWN = 5

_Signal = Mapping[str, Any]


def issue_evidence(representative: _Signal, examples: Sequence[_Signal], session: Sequence[_Signal]) -> dict[str, Any]:
    """Gather the evidence of an issue from rows of `signals`.

    `examples` are the latest signals of the bug, newest first; `session` are all signals of the representative session.
    """
    signals = _distinct([representative, *examples], "signal_id")[:SIGNALS_SHOWN]
    sessions = list(dict.fromkeys(signal["session_id"] for signal in signals))
    details = [json.loads(signal["evidence"]) for signal in signals]
    tenant = representative["project_id"], representative["environment_id"]
    return {
        "representative": {
            **_brief(representative),
            "window_id": representative["window_id"],
            "url": representative["url"],
            "reason_codes": representative["reason_codes"],
            "evidence": details[0],
        },
        "session_signals": [_brief(signal) for signal in session if signal["signal_id"] != representative["signal_id"]][
            :SIGNALS_SHOWN
        ],
        "replay_session_ids": sessions,
        "replay_ids": [replay_id(*tenant, session_id) for session_id in sessions],
        "signal_ids": [signal["signal_id"] for signal in signals],
        "console_excerpts": _some(detail["error"]["message"] for detail in details if detail.get("error")),
        "network_failures": _requests(signals, details),
        "primary_url": representative["url"],
        "top_stack_frame": next((signal["frame"] for signal in signals if signal["frame"]), None),
        "trace_ids": _some((signal["trace_id"] for signal in signals), SIGNALS_SHOWN),
    }


def _brief(signal: _Signal) -> dict[str, Any]:
    return {
        "signal_id": signal["signal_id"],
        "session_id": signal["session_id"],
        "detector": signal["detector"],
        "occurred_at": instant(signal["occurred_at"]),
        "offset_ms": signal["offset_ms"],
        "confidence": signal["confidence"],
        "message": signal["message"],
        "counterfactual": signal["counterfactual"],
    }


def _requests(signals: Iterable[_Signal], details: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    failures = [
        {**detail["request"], "request": signal["request"]}
        for signal, detail in zip(signals, details, strict=True)
        if detail.get("request")
    ]
    return _distinct(failures, "url")[:EXCERPTS_SHOWN]


def _some(texts: Iterable[str | None], limit: int = EXCERPTS_SHOWN) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))[:limit]


def _distinct(rows: Iterable[Mapping[str, Any]], key: str) -> list[Any]:
    first: dict[Any, Mapping[str, Any]] = {}
    for row in rows:
        first.setdefault(row[key], row)
    return list(first.values())


def instant(at: datetime) -> str:
    """A time of the lake (naive UTC) as ISO 8601 with milliseconds."""
    return f"{at.isoformat(timespec='milliseconds')}Z"
