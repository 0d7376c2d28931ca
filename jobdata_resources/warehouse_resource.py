"""The warehouse as a Dagster resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from crawler_core.settings import load
from jobdata_resources.settings import StoreSettings

if TYPE_CHECKING:
    from jobdata_resources.warehouse import Warehouse

__all__ = ["WarehouseResource"]


class WarehouseResource(dg.ConfigurableResource["WarehouseResource"]):
    """Hands out the warehouse: the ClickHouse server of ``CLICKHOUSE_HOST``, or the embedded one.

    The embedded one belongs to one process at a time, so it is opened inside a step and closed with it, never when
    definitions load, in a sensor or in a schedule.
    """

    @contextmanager
    def open(self, comment: Mapping[str, str] | None = None) -> Iterator[Warehouse]:
        """The warehouse, closed at the end of the block.

        Args:
            comment: goes with every query into ``system.query_log`` (``log_comment``): run id and asset key.

        Raises:
            BadSetting: a ``CLICKHOUSE_*`` variable is malformed.
            WarehouseError: not reachable, or held by another process for too long.
        """
        from jobdata_resources.warehouse import open_warehouse  # the engine is 300 MB: only the run that loads pays

        with open_warehouse(load(StoreSettings), comment=comment) as warehouse:
            yield warehouse
