"""Why a run cannot go on, in terms of the reasons a verdict has.

Belongs here: only that.
"""

from retrace_core.test_run import Reason


class Stopped(Exception):  # noqa: N818 - an end that has a reason, not always an error
    """A run that ends before its last step: the reason and a line for a person."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Name both."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
