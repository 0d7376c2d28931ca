"""The control store: keywords and their progress, tokens, proxies and the run log, on SQLite or MariaDB/MySQL."""

from jobdata_resources.control.company_values import (
    CompanyBatch,
    CompanyDemand,
    CompanyQueue,
    QueuedCompany,
    company_ref,
)
from jobdata_resources.control.errors import (
    ControlStoreError,
    ImportRefused,
    StoreNotMigrated,
    StoreUnavailable,
    UnknownEntry,
)
from jobdata_resources.control.keywords import ImportResult, KeywordRecord, KeywordRow, KeywordState
from jobdata_resources.control.plans import PlanRow
from jobdata_resources.control.progress import CheckpointRecord
from jobdata_resources.control.runs import RunRecord
from jobdata_resources.control.store import ControlStore
from jobdata_resources.control.tokens import DEFAULT_LEASE, StoreTokenSource, TokenRecord

__all__ = [
    "DEFAULT_LEASE",
    "CheckpointRecord",
    "CompanyBatch",
    "CompanyDemand",
    "CompanyQueue",
    "ControlStore",
    "ControlStoreError",
    "ImportRefused",
    "ImportResult",
    "KeywordRecord",
    "KeywordRow",
    "KeywordState",
    "PlanRow",
    "QueuedCompany",
    "RunRecord",
    "StoreNotMigrated",
    "StoreTokenSource",
    "StoreUnavailable",
    "TokenRecord",
    "UnknownEntry",
    "company_ref",
]
