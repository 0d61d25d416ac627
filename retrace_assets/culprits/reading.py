"""Ranked files as they were written.

Belongs here: reading rows of `culprits`. Does not: ranking (ranking), or when they are written (update).
"""

from collections.abc import Mapping
from typing import Any, Final

from retrace_core.culprit import Culprit
from retrace_resources.lake import Lake

_FIELDS: Final = ("rank", "path", "line", "score", "reasons", "owners")


def culprits_of(lake: Lake, incident: Mapping[str, Any]) -> tuple[Culprit, ...]:
    """The ranked files of a row of `incidents`, the likeliest first; none where nobody has ranked them."""
    rows = lake.query(
        f"SELECT {', '.join(_FIELDS)} FROM culprits WHERE project_id = ? AND environment_id = ? AND incident_id = ? "
        "ORDER BY rank",
        [incident["project_id"], incident["environment_id"], incident["incident_id"]],
    )
    return tuple(
        Culprit(**{**row, "reasons": tuple(row["reasons"]), "owners": tuple(row["owners"])})
        for row in rows.iter_rows(named=True)
    )
