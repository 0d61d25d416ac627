"""Set-up of the sandbox: sees that things can be confined here, or says why not.

Belongs here: the command `python -m retrace_resources.sandbox`. Does not: how it is done (availability).
"""

import sys

from retrace_core.errors import RetraceError
from retrace_resources.sandbox.availability import ensure


def _main() -> None:
    try:
        ensure(lambda line: sys.stderr.write(f"{line}\n"))
    except RetraceError as refusal:
        sys.exit(f"error: {refusal.detail or refusal.code.sentence}\nhint: {refusal.hint}")


if __name__ == "__main__":
    _main()
