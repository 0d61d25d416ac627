"""One for all who ask, launched late, closed with the block, and replaced when it has died."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from retrace_resources.relaunching import relaunching


@dataclass
class _Costly:
    name: str
    is_alive: bool = True


def test_one_that_died_is_replaced_and_both_are_closed() -> None:
    closed: list[str] = []
    launched: list[str] = []

    @contextmanager
    def launch() -> Iterator[_Costly]:
        costly = _Costly(f"number {len(launched) + 1}")
        launched.append(costly.name)
        yield costly
        closed.append(costly.name)

    with relaunching(launch, lambda costly: costly.is_alive) as current:
        assert launched == []
        first = current()
        assert current() is first
        first.is_alive = False
        second = current()
        assert (second.name, closed) == ("number 2", ["number 1"])

    assert (launched, closed) == (["number 1", "number 2"], ["number 1", "number 2"])
