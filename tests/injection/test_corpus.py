"""The corpus and the agent are as bad as they are said to be."""

from pathlib import Path

import pytest

from tests.injection.corpus import FIELDS, TECHNIQUES, Payload, World, corpus
from tests.injection.obedient_agent import ORDER, readings

PAYLOADS = corpus(World(outside=Path("/o"), secret=Path("/h/.netrc"), port=40_000))


def test_there_are_many_payloads_and_each_is_another() -> None:
    assert len({payload.text for payload in PAYLOADS}) == len(PAYLOADS) >= 200
    assert {payload.field for payload in PAYLOADS} == set(FIELDS)
    assert {payload.technique for payload in PAYLOADS} == set(TECHNIQUES)
    assert {payload.verb for payload in PAYLOADS} == {"run", "write", "delete", "read", "connect", "edit"}


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_the_agent_finds_the_instruction_whatever_hides_it(technique: str) -> None:
    for payload in PAYLOADS:
        if payload.technique == technique:
            assert (payload.verb.upper(), payload.argument) in orders(payload), payload


def orders(payload: Payload) -> set[tuple[str, str]]:
    return {(found["verb"], found["argument"]) for text in readings(payload.text) for found in ORDER.finditer(text)}
