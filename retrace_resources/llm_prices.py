"""What a million tokens of a model cost, as its provider lists it.

Belongs here: the list, its date, and reckoning with it. Does not: who called what (llm_calls). A model that is not in
the list has no cost, rather than a guessed one; what a provider reports of a call's cost goes before it.
"""

import re
from typing import Final, NamedTuple

LISTED_ON: Final = "2026-11-06"
"""When the prices were read. Discounts of caches and batches, and what long prompts cost more, are not counted."""


class Price(NamedTuple):
    """US dollars a million tokens."""

    input: float
    output: float


PRICES: Final[dict[str, Price]] = {
    # developers.openai.com/api/docs/pricing
    "gpt-6-astra": Price(10, 50),
    "gpt-6-sol": Price(2, 10),
    "gpt-6-luna": Price(0.10, 0.50),
    "gpt-5.6-sol": Price(4, 20),
    "gpt-5.6-terra": Price(2, 12),
    "gpt-5.6-luna": Price(0.20, 1.20),
    "gpt-5.5": Price(5, 30),
    "gpt-5.4": Price(2.50, 15),
    "gpt-5.4-mini": Price(0.75, 4.50),
    # platform.claude.com/docs/en/about-claude/pricing
    "claude-fable-5-1": Price(10, 50),
    "claude-opus-5-5": Price(4, 20),
    "claude-opus-5": Price(5, 25),
    "claude-opus-4-6": Price(5, 25),
    "claude-sonnet-5-5": Price(2, 10),
    "claude-sonnet-5": Price(2, 10),
    "claude-haiku-4-5": Price(1, 5),
}

# What names a version of a model: a date behind it.
_DATE: Final = re.compile(r"-(?:\d{8}|\d{4}-\d{2}-\d{2})$")


def cost_usd(model: str, input_tokens: int | None, output_tokens: int | None) -> float | None:
    """The cost of a call in US dollars; None without a price or without a count."""
    price = price_of(model)
    if price is None or input_tokens is None or output_tokens is None:
        return None
    return (input_tokens * price.input + output_tokens * price.output) / 1_000_000


def price_of(model: str) -> Price | None:
    """The price of a model, whatever vendor is named before it (`openai/…`, as OpenRouter does) or date behind it."""
    name = _DATE.sub("", model.rpartition("/")[2])
    # OpenRouter writes `claude-opus-4.6` for `claude-opus-4-6`.
    return PRICES.get(name) or PRICES.get(name.replace(".", "-"))
