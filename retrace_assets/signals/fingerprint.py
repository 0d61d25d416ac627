"""The fingerprint of a finding: equal for the same bug in every session, whatever the ids, numbers and releases.

Belongs here: how the parts a detector names become a fingerprint, and the version of that. Does not: which parts tell
bugs apart (each detector says), or which finding is whose consequence (causes).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from retrace_core.ids import public_id

# Goes up when the same bug gets another fingerprint: decisions and incident ids are kept by fingerprint and version.
# Version 2: detectors that see the same fault of a control share its fingerprint.
FINGERPRINT_VERSION = 2

# Detectors that are ways of seeing one fault: a user who clicks once and one who clicks in anger meet the same control
# that does not answer. The identities of a family's detectors are alike in shape: route and control.
FAMILIES: Final[Mapping[str, str]] = {
    "dead_click": "unresponsive_control",
    "rage_click": "unresponsive_control",
}


def fingerprint(detector: str, identity: Sequence[str | None]) -> str:
    """Name a bug after its detector's family and what tells it from others, `fp_…`."""
    return public_id(
        "fp_", str(FINGERPRINT_VERSION), FAMILIES.get(detector, detector), *(part or "" for part in identity)
    )
