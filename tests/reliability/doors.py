"""A door of one's own for the tests of reliability.

Belongs here: opening and closing it. Does not: what is sent to it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.retrace_app.http.ingest.conftest import Door


@contextmanager
def running_door(home: Path) -> Iterator[Door]:
    """A real door on a home, ended at the end of the block, so that its segments are closed."""
    door = Door(home)
    try:
        yield door
    finally:
        if door.process.poll() is None:
            door.stop()
        door.client.close()
