"""How many tokens a call took, read from a provider's answer while it passes.

Belongs here: the shapes of OpenAI's and Anthropic's answers, whole and streamed, as far as they count. Does not: what a
call costs (llm_prices).
"""

import json
from typing import Any, Final, NamedTuple

# An answer that is not streamed is one long line.
_LONGEST_LINE_BYTES: Final = 20_000_000


class Usage(NamedTuple):
    """Tokens of one call, None where the provider did not say; `status` is the HTTP status of its answer."""

    model: str
    status: int
    input_tokens: int | None
    output_tokens: int | None


class UsageReader:
    """Reads along with an answer; nothing it cannot read is a fault."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None
        self._line = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Read more of an answer."""
        if len(self._line) < _LONGEST_LINE_BYTES:
            self._line += chunk
        if b"\n" in chunk:
            *whole, rest = self._line.split(b"\n")
            for line in whole:
                self._read(bytes(line))
            self._line = rest

    def end(self) -> None:
        """Read what no line end came after."""
        self._read(bytes(self._line))

    def _read(self, line: bytes) -> None:
        text = line.removeprefix(b"data:").strip()
        if b'"usage"' not in text or not text.startswith(b"{"):
            return
        try:
            answer = json.loads(text)
        except ValueError:
            return
        # Anthropic counts in its first and last events, OpenAI in its last; each has its own place and names.
        for place in (answer, answer.get("message"), answer.get("response")):
            if isinstance(place, dict) and isinstance(place.get("usage"), dict):
                self._count(place["usage"])

    def _count(self, usage: dict[str, Any]) -> None:
        self.input_tokens = _most(self.input_tokens, usage.get("input_tokens", usage.get("prompt_tokens")))
        self.output_tokens = _most(self.output_tokens, usage.get("output_tokens", usage.get("completion_tokens")))


def _most(known: int | None, said: object) -> int | None:
    return max(known or 0, said) if isinstance(said, int) and said >= 0 else known
