"""Opening the warehouse: embedded chDB, or a ClickHouse server over HTTP, behind one ``clickhouse_connect`` client.

Statements are retried when the engine says that the same one may pass a moment later; that is safe because every
write of this package is idempotent by key (``tables``), but for those into working tables, which are sent once
(``slices``). ``clickhouse_connect`` itself resends raw inserts when the server drops the connection, also after it has
executed them, which is harmless for the same reason.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse.embedded import hold
from jobdata_resources.warehouse.errors import is_transient, translate

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

__all__ = ["SPILL", "Engine", "open_engine"]

T = TypeVar("T")

SPILL: Final[Mapping[str, int]] = {"max_bytes_before_external_group_by": 200_000_000}
"""Settings of an aggregation that may need more than a query may take (600 MB by default): it goes to disk in time."""

_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.5
_CONNECT_SECONDS = 10
_RECEIVE_SECONDS = 900
_MAX_EXECUTION_SECONDS = 600
"""Python signals are handled only when the embedded engine returns, so a query must end by itself."""


class Engine:
    """One client with its policy: named errors, bounded retries, a comment on every query.

    Attributes:
        embedded: chDB in this process; files can be read in place.
        database: the database of all statements.
    """

    def __init__(
        self,
        client: Client,
        *,
        database: str,
        spool: Path | None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client = client
        self.database = database
        self._spool = spool
        self._sleep = sleep

    @property
    def embedded(self) -> bool:
        """Whether the engine runs in this process."""
        return self._spool is not None

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder the embedded engine can read; removed afterwards, and swept at the next open after a kill."""
        if self._spool is None:
            raise ValueError("a server cannot read files of this machine; push them instead")
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=self._spool))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        doing: str = "query",
    ) -> list[tuple[Any, ...]]:
        """Rows of a SELECT; ``parameters`` bind ``{name:Type}``.

        Raises:
            WarehouseError: the engine refused, or went away too often.
        """

        def call() -> list[tuple[Any, ...]]:
            result = self.client.query(
                sql, parameters=dict(parameters or {}), settings=dict(settings or {}), query_tz=None
            )
            return [tuple(row) for row in result.result_rows]

        return self.attempt(call, doing)

    def command(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        doing: str = "statement",
        attempts: int = _ATTEMPTS,
    ) -> None:
        """Run a statement without rows.

        Raises:
            WarehouseError: the engine refused, or went away too often.
        """
        self.attempt(
            lambda: self.client.command(sql, parameters=dict(parameters or {}), settings=dict(settings or {})),
            doing,
            attempts=attempts,
        )

    def hold_merges(self) -> None:
        """Stop background merges of the tables there are, embedded only; for this process.

        Merges would compete with a load for two cores and for memory (1.4 times the time and 0.4 GB more with 5
        million jobs in the table) and be cut off when the process ends. Loads merge deliberately, after their
        commit. A server merges as it sees fit.
        """
        if self.embedded:
            self.command("SYSTEM STOP MERGES", doing="hold merges back")

    def attempt(self, call: Callable[[], T], doing: str, *, attempts: int = _ATTEMPTS) -> T:
        """Call, with pauses of 0.5, 1 and 2 seconds between attempts when the failure is transient.

        Raises:
            WarehouseError: the named error of the last attempt, or of the first that is not transient.
        """
        from clickhouse_connect.driver.exceptions import ClickHouseError

        for attempt in range(1, attempts + 1):
            try:
                return call()
            except (ClickHouseError, OSError) as error:
                if attempt == attempts or not is_transient(error):
                    raise translate(error, doing) from error
                self._sleep(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        raise AssertionError("unreachable: the last attempt returns or raises")


@contextmanager
def open_engine(settings: StoreSettings, *, comment: Mapping[str, str] | None = None) -> Iterator[Engine]:
    """A client on the warehouse's database, which is made when missing.

    ``comment`` (run id, asset key) is put into ``log_comment`` of every query as JSON, so that a server's query log
    joins back to the Dagster run.

    Raises:
        WarehouseBusy: the embedded folder is held by another process.
        WarehouseUnreachable: the server does not answer.
    """
    options: dict[str, Any] = {
        "max_memory_usage": settings.clickhouse_max_memory_bytes,
        "max_execution_time": _MAX_EXECUTION_SECONDS,
        "log_comment": json.dumps(dict(comment or {}), ensure_ascii=False, sort_keys=True),
        "async_insert": 0,
        "mutations_sync": 2,
        "date_time_input_format": "best_effort",
        "input_format_skip_unknown_fields": 1,
        "input_format_null_as_default": 1,
    }
    with ExitStack() as stack:
        if settings.clickhouse_host:
            client, spool = _connect_http(settings, options), None
        else:
            places = stack.enter_context(hold(settings.jobdata_home, settings.clickhouse_lock_seconds))
            client, spool = _connect_embedded(places.data, places.config, options), places.spool
        stack.callback(client.close)
        engine = Engine(client, database=settings.clickhouse_db, spool=spool)
        engine.command(f"CREATE DATABASE IF NOT EXISTS `{settings.clickhouse_db}`", doing="create the database")
        client.database = settings.clickhouse_db
        engine.hold_merges()
        yield engine


def _connect_embedded(data: Path, config: Path, options: Mapping[str, Any]) -> Client:
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import ClickHouseError

    try:
        return clickhouse_connect.get_client(
            interface="chdb", path=str(data), chdb_options={"config-file": str(config)}, settings=dict(options)
        )
    except ClickHouseError as error:
        raise translate(error, f"open the embedded warehouse {data}") from error


def _connect_http(settings: StoreSettings, options: Mapping[str, Any]) -> Client:
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import ClickHouseError

    where = f"{settings.clickhouse_host}:{settings.clickhouse_port}"
    last: Exception | None = None
    for attempt in range(_ATTEMPTS):
        try:
            return clickhouse_connect.get_client(
                host=settings.clickhouse_host,
                port=settings.clickhouse_port,
                username=settings.clickhouse_user,
                password=settings.clickhouse_pass.get_secret_value(),
                secure=settings.clickhouse_secure,
                autogenerate_session_id=False,
                connect_timeout=_CONNECT_SECONDS,
                send_receive_timeout=_RECEIVE_SECONDS,
                settings=dict(options),
            )
        except ClickHouseError as error:
            last = error
            if not is_transient(error):
                break
            time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
    assert last is not None  # noqa: S101 - the loop returned or set it
    raise translate(last, f"connect to the warehouse at {where}") from last
