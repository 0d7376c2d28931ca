"""``ControlStore``: the one door to the control database.

Every method is one transaction: all of it is stored, or nothing. Days are calendar days in Asia/Shanghai, instants
are zone-aware and stored in UTC. The store may be used from several threads and processes at once, each with an
object of its own per process.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from pydantic import SecretStr
from sqlalchemy.orm import Session

from crawler_core.keyword import Keyword
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.proxy import Proxy
from crawler_core.values import SHANGHAI, Token
from jobdata_resources.control import history, keywords, progress, proxies, runs, tokens
from jobdata_resources.control.alert_store import AlertStore
from jobdata_resources.control.columns import Clock, utc_now
from jobdata_resources.control.company_store import CompanyStore
from jobdata_resources.control.database import Database
from jobdata_resources.control.files import read_keyword_file, read_proxy_file, read_token_file
from jobdata_resources.control.files.keyword_file import city_codes
from jobdata_resources.control.keywords import ImportResult, KeywordRecord, KeywordRow
from jobdata_resources.control.models import KEYWORD_TABLES
from jobdata_resources.control.plans import PlanStore
from jobdata_resources.control.progress import CheckpointRecord
from jobdata_resources.control.revision import check_revision, current_revision
from jobdata_resources.control.runs import RunRecord
from jobdata_resources.control.tokens import DEFAULT_LEASE, StoreTokenSource, TokenRecord

if TYPE_CHECKING:
    from crawler_core.crawl.report import CheckpointUpdate, KeywordReport

__all__ = ["ControlStore"]

T = TypeVar("T")


def _platform(name: str) -> PlatformSpec:
    from crawler_core.platforms import platform

    return platform(name)


class ControlStore(CompanyStore, AlertStore, PlanStore):
    """Keywords, tokens, proxies, progress and run log; and the tables of ``company_store``, ``alert_store``, ``plans``.

    Args:
        url: ``sqlite:///path`` or ``mysql+pymysql://user:password@host/database``; never shown in a message.
        clock: source of zone-aware time.
        spec_of: the description of a platform; the real ones by default.

    Every method but ``migrate`` raises ``StoreNotMigrated`` when the tables are not those of this version, and
    ``ControlStoreError`` when the database does not answer as it should.
    """

    def __init__(
        self, url: SecretStr | str, *, clock: Clock = utc_now, spec_of: Callable[[str], PlatformSpec] = _platform
    ) -> None:
        self._database = Database(url)
        self._clock = clock
        self._spec_of = spec_of
        self._checked = False
        self._check = threading.Lock()

    @property
    def label(self) -> str:
        """Server and database, for messages: no user, no password."""
        return self._database.label

    def migrate(self) -> str:
        """Create or upgrade the tables and return their revision; does nothing when they are current.

        Raises:
            StoreUnavailable: not reachable, or another migration does not end.
            StoreNotMigrated: the tables belong to a newer version of this program.
        """
        from jobdata_resources.control.migrate import upgrade

        return upgrade(self._database)

    @property
    def is_embedded(self) -> bool:
        """The store is a file of this machine: its tables may be created without asking."""
        return self._database.is_sqlite

    def revision(self) -> str | None:
        """The revision of the tables, None where there are none."""
        return current_revision(self._database)

    def close(self) -> None:
        """Close all connections; the object opens new ones when it is used again."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- keywords

    def import_keywords(self, platform: str, rows: Iterable[KeywordRow]) -> ImportResult:
        """Add new keywords and update known ones, all or nothing.

        Raises:
            BadInput: unknown platform, or two rows are the same search.
        """
        given, now = list(rows), self._clock()
        return self._write(lambda session: keywords.apply_rows(session, platform, given, now))

    def import_keyword_file(self, path: Path, *, platforms: Sequence[str] = ()) -> dict[str, ImportResult]:
        """Import a CSV or YAML file into the keyword tables of all its platforms, all or nothing.

        Args:
            platforms: platforms of the rows that name none; all by default.

        Raises:
            ImportRefused: with every problem of the file; nothing is changed.
        """
        for name in platforms:
            keywords.table(name)
        found = read_keyword_file(path, platforms or tuple(KEYWORD_TABLES), self._spec_of)
        now = self._clock()
        return self._write(
            lambda session: {name: keywords.apply_rows(session, name, rows, now) for name, rows in found.items()}
        )

    def add_keyword(
        self, platform: str, keyword: Keyword | str, *, city: str = "", priority: int | None = None
    ) -> ImportResult:
        """Add one keyword, or change the city or priority of a known one.

        Args:
            city: names or codes, separated by ``;``; empty leaves a known keyword's cities, and is the whole country
                for a new one.

        Raises:
            BadInput: unknown platform, bad keyword, or (``UnknownCity``) a city the platform does not know.
        """
        keywords.table(platform)
        parsed = Keyword.parse(keyword) if isinstance(keyword, str) else keyword
        row = KeywordRow(keyword=parsed, cities=self.city_codes(platform, city), priority=priority)
        return self.import_keywords(platform, [row])

    def city_codes(self, platform: str, city: str) -> tuple[str, ...] | None:
        """Codes of a list of city names or codes; None when it is empty, ``()`` for the whole country.

        Raises:
            UnknownCity: the platform does not know one of them.
        """
        return city_codes(city, self._spec_of(platform))

    def pause_keyword(self, platform: str, keyword: Keyword | str, *, paused: bool = True) -> None:
        """Pause a keyword, or resume it; the state of its day is kept either way.

        Raises:
            UnknownEntry: the keyword is not stored (case and width do not matter).
        """
        parsed = Keyword.parse(keyword) if isinstance(keyword, str) else keyword
        now = self._clock()
        self._write(lambda session: keywords.set_paused(session, platform, parsed, paused=paused, now=now))

    def keywords(
        self, platform: str, *, include_paused: bool = True, date: dt.date | None = None
    ) -> list[KeywordRecord]:
        """Keywords in crawl order with their state on ``date`` (today in Asia/Shanghai by default)."""
        day = date or self.today()
        return self._read(lambda session: keywords.list_keywords(session, platform, day, include_paused=include_paused))

    def open_keywords(self, platform: str, date: dt.date) -> list[KeywordRecord]:
        """What is left to crawl on a day: active and not done; partial, then failed, then pending; priority; id."""
        return self._read(
            lambda session: keywords.list_keywords(session, platform, date, include_paused=False, only_open=True)
        )

    def keyword_states(self, platform: str, date: dt.date) -> dict[str, str]:
        """State of every active keyword on a day, past days included: pending, partial, done or failed."""
        return self._read(lambda session: keywords.active_states(session, platform, date))

    def active_keywords(self, platform: str) -> list[str]:
        """The active keywords, the oldest first."""
        return self._read(lambda session: keywords.active_texts(session, platform))

    def record_progress(self, update: CheckpointUpdate) -> None:
        """Store how far a city is; its keyword is partial from now on."""
        now = self._clock()
        self._write(lambda session: progress.record_progress(session, update, now))

    def record_keyword(self, report: KeywordReport) -> None:
        """Store how a keyword ended; a report of a past day changes only that day."""
        now = self._clock()
        self._write(lambda session: progress.record_keyword(session, report, now))

    def checkpoints(self, platform: str, date: dt.date) -> list[CheckpointRecord]:
        """Progress of every search of a day, by keyword and city; city ``''`` is the keyword as a whole."""
        return self._read(lambda session: progress.list_checkpoints(session, platform, date))

    # ---- tokens and proxies

    def add_tokens(self, entries: Iterable[Token]) -> ImportResult:
        """Store tokens, all or nothing; a known one becomes active again only with another ``wt2``.

        Raises:
            BadInput: a token is given twice.
        """
        given, now = list(entries), self._clock()
        return self._write(lambda session: tokens.add_tokens(session, given, now))

    def import_token_file(self, path: Path) -> ImportResult:
        """Import a CSV or YAML file of tokens, all or nothing.

        Raises:
            ImportRefused: with every problem, named by row and fingerprint; nothing is changed.
        """
        return self.add_tokens(read_token_file(path))

    def tokens(self) -> list[TokenRecord]:
        """All tokens without their secrets."""
        return self._read(tokens.list_tokens)

    def disable_token(self, fingerprint: str, reason: str = "disabled by hand") -> None:
        """Take a token out of use.

        Raises:
            UnknownEntry: no token has this fingerprint.
        """
        now = self._clock()
        self._write(lambda session: tokens.set_active(session, fingerprint, active=False, reason=reason, now=now))

    def enable_token(self, fingerprint: str) -> None:
        """Put a token back into use.

        Raises:
            UnknownEntry: no token has this fingerprint.
        """
        now = self._clock()
        self._write(lambda session: tokens.set_active(session, fingerprint, active=True, reason="", now=now))

    def token_source(self, lease: dt.timedelta = DEFAULT_LEASE) -> StoreTokenSource:
        """A source of leased tokens for one crawl; ``renew`` it more often than ``lease``."""
        self._ensure_revision()
        return StoreTokenSource(self._database, self._clock, lease)

    def import_proxies(self, entries: Iterable[Proxy]) -> ImportResult:
        """Store proxies by label, all or nothing.

        Raises:
            BadInput: a label is given twice.
        """
        given, now = list(entries), self._clock()
        return self._write(lambda session: proxies.import_proxies(session, given, now))

    def import_proxy_file(self, path: Path) -> ImportResult:
        """Import a CSV or YAML file of proxies, all or nothing.

        Raises:
            ImportRefused: with every problem; nothing is changed.
        """
        return self.import_proxies(read_proxy_file(path))

    def proxies(self) -> list[Proxy]:
        """The active proxies."""
        return self._read(proxies.list_proxies)

    # ---- run log

    def record_run(self, run: RunRecord) -> None:
        """Store a run, or its later state."""
        self._write(lambda session: runs.store_run(session, run))

    def runs(self, task: str | None = None, *, limit: int = 50) -> list[RunRecord]:
        """The latest runs, newest first."""
        return self._read(lambda session: runs.list_runs(session, task, limit))

    def record_egress(
        self, run_id: str, platform: str, date: dt.date, egress: Mapping[str, int], *, node: str = ""
    ) -> None:
        """Store how many pages a run fetched through each address; totals, not increments."""
        now = self._clock()
        self._write(lambda session: runs.record_egress(session, run_id, platform, date, egress, node=node, now=now))

    def egress(self, platform: str, date: dt.date) -> dict[str, int]:
        """Pages by address on a day, over all runs."""
        return self._read(lambda session: runs.egress_pages(session, platform, date))

    # ---- forgetting

    def forget_history(self, first_kept: dt.date, *, dry_run: bool = False) -> dict[str, int]:
        """Remove checkpoints and log rows of days before ``first_kept``; rows by table, only counted in a dry run."""
        midnight = dt.datetime.combine(first_kept, dt.time(), SHANGHAI)
        return history.forget_history(self._write, first_kept, midnight, dry_run=dry_run)

    def free_lapsed_leases(self, *, dry_run: bool = False) -> int:
        """Free the tokens of holders that died; how many, only counted in a dry run."""
        now = self._clock()
        return self._write(lambda session: history.free_lapsed_leases(session, now, dry_run=dry_run))

    # ---- inside

    def today(self) -> dt.date:
        """The calendar day in Asia/Shanghai."""
        return self._clock().astimezone(SHANGHAI).date()

    def _read(self, work: Callable[[Session], T]) -> T:
        self._ensure_revision()
        return self._database.read(work)

    def _write(self, work: Callable[[Session], T]) -> T:
        self._ensure_revision()
        return self._database.write(work)

    def _ensure_revision(self) -> None:
        with self._check:
            if not self._checked:
                check_revision(self._database)
                self._checked = True
