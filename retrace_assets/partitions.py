"""How assets are cut: by UTC day, and behind the queue by incident.

Belongs here: partitions and how ranges of them run. Does not: what a day means for a table (DESIGN §4.7).
"""

from typing import Final

import dagster as dg

DAYS: Final = dg.DailyPartitionsDefinition("2018-01-01", end_offset=1)
"""UTC days, today included; importers reach back to the first."""

IN_ONE_RUN: Final = dg.BackfillPolicy.single_run()
"""A range of days is one run: each process start costs more than most days."""

BY_INCIDENT: Final = dg.DynamicPartitionsDefinition(name="incident")
"""One partition an incident that entered the fix loop; never one a session."""
