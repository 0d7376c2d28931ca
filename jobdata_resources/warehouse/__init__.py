"""The ClickHouse warehouse: embedded chDB or a server, loaded from the landing zone, atomic per platform and day."""

from jobdata_resources.warehouse.errors import (
    LoadError,
    WarehouseBusy,
    WarehouseError,
    WarehouseFull,
    WarehouseSchemaError,
    WarehouseUnreachable,
)
from jobdata_resources.warehouse.load import LoadResult
from jobdata_resources.warehouse.queries import ColumnInfo, ContentVersion, DayCounts, JobState, LedgerRow, Queries
from jobdata_resources.warehouse.warehouse import Warehouse, open_warehouse

__all__ = [
    "ColumnInfo",
    "ContentVersion",
    "DayCounts",
    "JobState",
    "LedgerRow",
    "LoadError",
    "LoadResult",
    "Queries",
    "Warehouse",
    "WarehouseBusy",
    "WarehouseError",
    "WarehouseFull",
    "WarehouseSchemaError",
    "WarehouseUnreachable",
    "open_warehouse",
]
