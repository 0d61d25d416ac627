"""One of something costly for a block, and another one when it has died.

Belongs here: when to open anew. Does not: what is opened (browser, engine).
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

Opened = TypeVar("Opened")


@contextmanager
def relaunching(
    launch: Callable[[], AbstractContextManager[Opened]], is_alive: Callable[[Opened], bool]
) -> Iterator[Callable[[], Opened]]:
    """Give whoever asks in the block the same one, launched by the first who does; one that died is replaced."""
    running: list[Opened] = []
    with ExitStack() as stack:

        def current() -> Opened:
            if running and not is_alive(running[-1]):
                # Playwright starts no second browser in a thread that has one, be it dead.
                stack.close()
                running.clear()
            if not running:
                running.append(stack.enter_context(launch()))
            return running[-1]

        yield current
