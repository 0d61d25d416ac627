"""Ids are hashes of content, never random: the same thing has the same id wherever it is computed.

Belongs here: how an id is derived. Does not: where ids are recorded (the state store keeps incident ids).
"""

import hashlib
from collections.abc import Container

_SEPARATOR = "\x1f"
_INCIDENT_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_INCIDENT_LENGTH = 6


def _digest(parts: tuple[str, ...]) -> str:
    # Lone surrogates can arrive inside JSON strings; they must hash, not raise.
    return hashlib.sha256(_SEPARATOR.join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def public_id(prefix: str, *parts: str) -> str:
    """Name a thing after its content: `prefix` and the first 64 bits of SHA-256 over the parts."""
    return prefix + _digest(parts)[:16]


def replay_id(project_id: str, environment_id: str, session_id: str) -> str:
    """Public id of a session's replay, `rpl_…`."""
    return public_id("rpl_", project_id, environment_id, session_id)


def issue_id(project_id: str, environment_id: str, fingerprint: str) -> str:
    """Public id of an issue, `bug_…`."""
    return public_id("bug_", project_id, environment_id, fingerprint)


def signal_id(environment_id: str, session_id: str, detector: str, event_id: str) -> str:
    """Id of a detector's finding, `sig_…`: one a detector and anchoring event."""
    return public_id("sig_", environment_id, session_id, detector, event_id)


def batch_id(environment_id: str, session_id: str, window_id: str, sequence: int) -> str:
    """Id of one SDK post, `rb_…`."""
    return "rb_" + _digest((environment_id, session_id, window_id, str(sequence)))[:32]


def job_id(environment_id: str, session_id: str) -> str:
    """Id a final batch answers with, `job_…`: the analysis of its session."""
    return "job_" + _digest(("replay.finalize", environment_id, session_id))[:32]


def event_id(window_id: str, sequence: int, index: int) -> str:
    """Name of an event within its session: window, batch sequence, position in the batch."""
    return f"{window_id}:{sequence}:{index}"


def incident_id(project_id: str, environment_id: str, fingerprint: str, taken: Container[str]) -> str:
    """Public id of an incident, `INC-` and 6 characters of its first fingerprint's hash, the next 6 while taken."""
    salt = 0
    while True:
        number = int(_digest((project_id, environment_id, fingerprint, str(salt))), 16)
        characters = []
        while number:
            number, digit = divmod(number, len(_INCIDENT_ALPHABET))
            characters.append(_INCIDENT_ALPHABET[digit])
        text = "".join(characters)
        for start in range(0, len(text) - _INCIDENT_LENGTH + 1, _INCIDENT_LENGTH):
            candidate = "INC-" + text[start : start + _INCIDENT_LENGTH]
            if candidate not in taken:
                return candidate
        salt += 1
