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
from jobdata_resources.control.incidents import IncidentRecord
from jobdata_resources.control.keywords import ImportResult, KeywordRecord, KeywordRow, KeywordState
from jobdata_resources.control.plans import PlanRow
from jobdata_resources.control.progress import CheckpointRecord
from jobdata_resources.control.runs import IdentityRun, RunRecord
from jobdata_resources.control.store import ControlStore
from jobdata_resources.control.tokens import DEFAULT_LEASE, StoreTokenSource, TokenRecord
from jobdata_resources.control.totals import PlatformTotal, Totals

__all__ = [
    "DEFAULT_LEASE",
    "CheckpointRecord",
    "CompanyBatch",
    "CompanyDemand",
    "CompanyQueue",
    "ControlStore",
    "ControlStoreError",
    "IdentityRun",
    "ImportRefused",
    "ImportResult",
    "IncidentRecord",
    "KeywordRecord",
    "KeywordRow",
    "KeywordState",
    "PlanRow",
    "PlatformTotal",
    "QueuedCompany",
    "RunRecord",
    "StoreNotMigrated",
    "StoreTokenSource",
    "StoreUnavailable",
    "TokenRecord",
    "Totals",
    "UnknownEntry",
    "company_ref",
]
