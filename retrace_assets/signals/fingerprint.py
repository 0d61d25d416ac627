"""The fingerprint of a finding: equal for the same bug in every session, whatever the ids, numbers and releases.

Belongs here: how the parts a detector names become a fingerprint, and the version of that. Does not: which parts tell
bugs apart (each detector says), or which finding is whose consequence (causes).
"""

from collections.abc import Sequence

from retrace_core.ids import public_id

# Goes up when the same bug gets another fingerprint: decisions and incident ids are kept by fingerprint and version.
FINGERPRINT_VERSION = 1


def fingerprint(detector: str, identity: Sequence[str | None]) -> str:
    """Name a bug after its detector and what tells it from others, `fp_…`."""
    return public_id("fp_", str(FINGERPRINT_VERSION), detector, *(part or "" for part in identity))
