"""A check of a daily table: the UI shows its result for every day, and not only for the newest run."""

from __future__ import annotations

import warnings

import dagster as dg
from dagster_shared.utils.warnings import PreviewWarning

__all__ = ["daily_check"]


def daily_check(
    name: str, asset: dg.AssetKey, description: str, *, blocking: bool, daily: dg.DailyPartitionsDefinition | None
) -> dg.AssetCheckSpec:
    """The spec of a check.

    Args:
        daily: the days of the asset; without them the check has one result, that of the newest run.
    """
    with warnings.catch_warnings():
        # Results by partition are a preview in Dagster 1.13. The version is pinned, and a test looks at a day's result.
        warnings.simplefilter("ignore", PreviewWarning)
        return dg.AssetCheckSpec(name, asset=asset, blocking=blocking, description=description, partitions_def=daily)
