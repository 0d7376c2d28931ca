"""The warehouse as one object: migrate, load a day, ask.

Read the relations by their plain names (``boss_job``, ``job_sighting``, ``crawl_page``, ``<p>_job_current``): they
are views that show committed loads only and one row per key, so no FINAL and no DISTINCT is needed. The tables
``*_base`` and ``*_delta`` behind them are not for reading (``tables`` says why).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from crawler_core.errors import BadInput
from crawler_core.landing import LandingZone
from crawler_core.normalize import NORMALISERS, Normaliser
from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.spec import PlatformSpec
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import load as loading
from jobdata_resources.warehouse.catalog import Catalog, build_catalog
from jobdata_resources.warehouse.client import Engine, open_engine
from jobdata_resources.warehouse.company_load import CompanyLoadResult, load_companies
from jobdata_resources.warehouse.company_pending import PendingCompany, pending_companies, publish_pending
from jobdata_resources.warehouse.facts.keeper import FactsKeeper, RebuildResult
from jobdata_resources.warehouse.facts.market import create_job_analytics
from jobdata_resources.warehouse.facts.market_copy import market_copy
from jobdata_resources.warehouse.load import LoadResult
from jobdata_resources.warehouse.migrate import migrate
from jobdata_resources.warehouse.queries import Queries
from jobdata_resources.warehouse.tables import View

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Warehouse", "open_warehouse"]


class Warehouse:
    """An open warehouse. One per process is enough; it is not to be used after a fork.

    Attributes:
        engine: the client with its policy, for statements of other packages.
        catalog: the objects of the schema.
        ask: the typed questions (``queries.Queries``).
        facts: keeps the facts of every loaded string; None loads without facts.
    """

    def __init__(self, engine: Engine, catalog: Catalog, *, facts: FactsKeeper | None = None) -> None:
        self.engine = engine
        self.catalog = catalog
        self.ask = Queries(engine, catalog)
        self.facts = facts

    @property
    def embedded(self) -> bool:
        """Whether the engine runs in this process."""
        return self.engine.embedded

    def migrate(self) -> int:
        """Create or upgrade the tables; idempotent. Returns the schema version.

        Raises:
            WarehouseSchemaError: the stored tables cannot be upgraded in place.
        """
        version = migrate(self.engine, self.catalog)
        if self.facts is not None:
            self.facts.begin()
        return version

    def load_day(self, platform: str, date: dt.date, landing: LandingZone, *, run_id: str) -> LoadResult:
        """Load the committed segments of a day; visible as a whole or not at all. Migrates first.

        Loading a day again changes nothing; after a kill, loading again heals.

        Raises:
            BadInput: an unknown platform.
            WarehouseBusy: another load of the platform is running.
            CorruptSegment, LoadError, WarehouseError: nothing of the load is visible.
        """
        names = {name for relation in self.catalog.relations for name in relation.platforms}
        if platform not in names:
            raise BadInput(f"platform {platform!r} has no tables; use one of {', '.join(sorted(names))}")
        self.migrate()
        return loading.load_day(
            self.engine,
            self.catalog,
            platform,
            date,
            landing,
            run_id=run_id,
            before_commit=self.facts.before_commit if self.facts else None,
        )

    def rebuild_facts(self, *, run_id: str) -> RebuildResult:
        """Read every stored string by the rules of this program, then show the facts to readers, all at once.

        Nothing is fetched and no job row is touched; with nothing to do it is one scan of the string columns.

        Raises:
            ValueError: this warehouse was opened without facts.
            WarehouseBusy: another rebuild is running.
        """
        if self.facts is None:
            raise ValueError("this warehouse was opened without facts; open it with normalisers")
        self.migrate()
        return self.facts.rebuild(run_id=run_id)

    def create_job_analytics(self) -> View:
        """Create or replace the view ``job_analytics``, with companies when these are resolved. Migrates first."""
        self.migrate()
        return create_job_analytics(self.engine, self.catalog)

    def market_copy(self, name: str, columns: Sequence[str]) -> AbstractContextManager[str]:
        """The name of a table with these columns of ``job_analytics``, one row per job; dropped at the end.

        For questions about the whole market, which may be of any size.

        Raises:
            WarehouseError: the view does not exist, or the engine refused.
        """
        return market_copy(self.engine, self.catalog, name, columns)

    def load_companies(
        self,
        spec: PlatformSpec,
        date: dt.date,
        landing: LandingZone,
        *,
        run_id: str,
        again: Collection[str] | None = None,
        skip: Collection[str] = (),
    ) -> CompanyLoadResult:
        """Load the landed company details of a day; visible as a whole or not at all. Migrates first.

        Args:
            again: batches to read although they are loaded; None for all.
            skip: batches that are not through.

        Raises:
            WarehouseBusy: another load of the platform's companies is running.
            CorruptSegment, LoadError, WarehouseError: nothing of the load is visible.
        """
        self.migrate()
        relation = self.catalog.relation(f"{spec.name}_company")
        return load_companies(self.engine, relation, spec, date, landing, run_id=run_id, again=again, skip=skip)

    def pending_companies(
        self, spec: PlatformSpec, date: dt.date, *, days: int, stale_before: dt.datetime
    ) -> list[PendingCompany]:
        """Companies of current jobs without details, or with older ones; newest demand first. Migrates first."""
        self.migrate()
        return pending_companies(self.engine, spec, date, days=days, stale_before=stale_before)

    def publish_pending(self, date: dt.date, companies: Sequence[PendingCompany], *, run_id: str) -> bool:
        """Replace the day's rows of ``pending_company``; False when they are the same already."""
        self.migrate()
        return publish_pending(self.engine, date, companies, run_id=run_id)

    def heal(self, platform: str) -> None:
        """Fold or drop what killed loads left behind; every load does this first."""
        loading.heal(self.engine, self.catalog, platform)

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a SELECT; ``parameters`` bind ``{name:Type}`` in the engine."""
        return self.engine.query(sql, parameters)

    def query_df(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """A SELECT as a data frame."""
        frame: pd.DataFrame = self.engine.attempt(
            lambda: self.engine.client.query_df(sql, parameters=dict(parameters or {})), "query"
        )
        return frame

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """A statement without rows. It may be sent twice when a server drops the connection: keep it idempotent."""
        self.engine.command(sql, parameters)


@contextmanager
def open_warehouse(
    settings: StoreSettings,
    *,
    comment: Mapping[str, str] | None = None,
    platforms: Mapping[str, PlatformSpec] = PLATFORMS,
    normalisers: Mapping[str, Normaliser] | None = NORMALISERS,
) -> Iterator[Warehouse]:
    """Open the warehouse: a server when ``clickhouse_host`` is set, else chDB in ``JOBDATA_HOME/clickhouse``.

    Embedded, the folder belongs to this process until the block ends: open it for the work only. ``comment`` (run
    id, asset key) goes into ``log_comment`` of every query. Without ``normalisers`` loads write no facts.

    Raises:
        WarehouseBusy: another process holds the embedded folder.
        WarehouseUnreachable: the server does not answer.
    """
    with open_engine(settings, comment=comment) as engine:
        facts = FactsKeeper(engine, platforms, normalisers) if normalisers is not None else None
        yield Warehouse(engine, build_catalog(platforms), facts=facts)
