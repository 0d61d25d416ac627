"""What another program said, made fit for a message of ours.

Belongs here: one line, short, without secrets. Does not: what to do about it, which each caller knows.
"""

from collections.abc import Iterable
from typing import Final

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.redaction import redact_text
from retrace_resources.code_host.remotes import without_credentials

_LONGEST: Final = 300


def said(text: str, secrets: Iterable[str] = ()) -> str:
    """A text in one line of at most 300 characters, without credentials and without the secrets that are named."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "[token]")
    return redact_text(without_credentials(" ".join(text.split())))[:_LONGEST]


def refused(detail: str, hint: str) -> RetraceError:
    """The refusal of a code host, with the next step."""
    return RetraceError(ErrorCode.CODE_HOST_REFUSED, detail, hint=hint)
