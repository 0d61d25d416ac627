"""The sensor that asks for the SQL models when their hour has come.

Belongs here: which assets Dagster evaluates, and how often. Does not: their conditions (retrace_assets.models).
"""

import dagster as dg

from retrace_assets.models.assets import GROUP

hourly_models = dg.AutomationConditionSensorDefinition(
    "hourly_models",
    target=dg.AssetSelection.groups(GROUP),
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Builds each SQL model when its automation condition says so: every hour.",
)
