"""How much a confined command may take of the machine.

Belongs here: the limits, their defaults, and those the kernel holds by itself. Does not: watching the rest (watched).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from retrace_resources.settings_schema import Sandbox

_MB: Final = 1_000_000
# Of `ulimit -f`, by POSIX.
_BLOCK_BYTES: Final = 512
_OPEN_FILES: Final = 4_096

# A shell says no to what it does not know, and whoever runs this may have tighter limits already: both are no fault.
# The first to go when memory is short shall be what is confined, not what confines it.
_SCRIPT: Final = (
    'ulimit -c 0; ulimit -f "$1"; ulimit -n "$2"; [ "$3" = 0 ] || ulimit -u "$3" || ulimit -p "$3"; '
    "echo 1000 > /proc/self/oom_score_adj"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a command may take: seconds of the clock, memory and disk in bytes, processes with their threads."""

    seconds: float
    memory_bytes: int
    disk_bytes: int
    processes: int
    log_bytes: int = 4 * _MB


def limits_of(block: Sandbox) -> Limits:
    """Read the limits of the configuration."""
    return Limits(
        seconds=block.seconds,
        memory_bytes=block.memory_mb * _MB,
        disk_bytes=block.disk_mb * _MB,
        processes=block.processes,
    )


def held_to(limits: Limits, command: Sequence[str], *, is_confined: bool) -> list[str]:
    """Put before a command what makes the kernel hold it to its limits, and all it starts.

    Processes are counted by the kernel in a user namespace only: outside of one it counts all of the person's.
    """
    numbers = (limits.disk_bytes // _BLOCK_BYTES, _OPEN_FILES, limits.processes if is_confined else 0)
    script = f'{{ {_SCRIPT}; }} 2>/dev/null; shift 3; exec "$@"'
    return ["/bin/sh", "-c", script, "sh", *map(str, numbers), *command]
