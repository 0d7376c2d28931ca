"""One crawl run: plans its days, crawls them, and tells Dagster about each keyword as it ends.

Between Dagster and the crawl library; the rules are in ``day_plan``, the words in ``metadata``. What is landed
stays landed whatever happens here, so a run may end anywhere and be launched again.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from crawler_core.errors import BadKeyword, CrawlError
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, Manifest
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.crawl.allowances import day_allowances, record_yield
from jobdata_assets.crawl.day_plan import DayPlan, Target, plan_day
from jobdata_assets.crawl.fleet_crawl import CrawlEngine
from jobdata_assets.crawl.identity_log import IdentityLog
from jobdata_assets.crawl.progress import ControlMirror, ProgressLog
from jobdata_assets.metadata import keyword_metadata, landing_folder, problem_table
from jobdata_assets.partitions import DATE, KEYWORD
from jobdata_resources.control import ControlStore, RunRecord
from jobdata_resources.crawler import CrawlerResource

if TYPE_CHECKING:
    from crawler_core.crawl import Allowance
    from crawler_core.crawl.report import CheckpointUpdate, KeywordReport
    from jobdata_resources.control import KeywordRecord

__all__ = ["CrawlRun"]

_NAMED = 10


class CrawlRun:
    """A run over the keywords of one or more days of a platform; ``execute`` may be called once.

    Args:
        context: of the asset.
        spec: the platform.
        crawler: starts crawls and knows which day it is.
        zone: where pages are landed.
        store: what is to be crawled, and the mirror of its progress.
        late: crawl past days too.
        engine: does the crawling; default ``crawler``, in this process.
    """

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        *,
        spec: PlatformSpec,
        crawler: CrawlerResource,
        zone: LandingZone,
        store: ControlStore,
        late: bool,
        engine: CrawlEngine | None = None,
    ) -> None:
        self._engine = engine or crawler
        self._context, self._spec, self._crawler, self._zone, self._store = context, spec, crawler, zone, store
        self._late = late
        self._mirror = ControlMirror(store)
        self._unfinished: dict[tuple[dt.date, str], tuple[str, str]] = {}
        self._marked: set[tuple[dt.date, str]] = set()
        self._paused = 0
        self._error: CrawlError | None = None

    def execute(self, days: Mapping[dt.date, Sequence[str]]) -> None:
        """Crawl what is open, mark what is landed, and fail at the end if anything is left.

        Raises:
            dagster.Failure: names the keywords that did not finish, with reasons.
        """
        today = self._crawler.today()
        plans = []
        for date, wanted in days.items():
            records = self._known(date, wanted)
            manifests = self._landed(date, wanted, records)
            plan = plan_day(
                date=date,
                today=today,
                wanted=wanted,
                manifests=manifests,
                targets={keyword: _target(record, self._spec) for keyword, record in records.items()},
                late=self._late,
            )
            self._settle(plan, manifests)
            plans.append((plan, records))
        for plan, records in plans:
            if plan.crawl:
                self._crawl(plan, records)
        self._finish(days)

    # ---- planning

    def _known(self, date: dt.date, wanted: Sequence[str]) -> dict[str, KeywordRecord]:
        """The control store's keywords by partition key, most urgent first.

        A partition key may be spelled otherwise (``JAVA``, typed into the UI): it is the same search.
        """
        partitions: dict[str, list[str]] = {}
        for text in wanted:
            keyword = _parse(text)
            if keyword is not None:
                partitions.setdefault(keyword.key, []).append(text)
        return {
            text: record
            for record in self._store.keywords(self._spec.name, date=date)
            for text in partitions.get(record.keyword.key, ())
        }

    def _landed(
        self, date: dt.date, wanted: Sequence[str], records: Mapping[str, KeywordRecord]
    ) -> dict[str, Manifest]:
        """The manifests of a day's keywords, by partition key."""
        found: dict[str, Manifest] = {}
        for text in wanted:
            keyword = records[text].keyword if text in records else _parse(text)
            manifest = self._zone.manifest(self._spec.name, date, keyword) if keyword else None
            if manifest is not None:
                found[text] = manifest
        return found

    def _settle(self, plan: DayPlan, manifests: Mapping[str, Manifest]) -> None:
        """Deal with everything that needs no request."""
        for keyword in plan.landed:
            manifest = manifests[keyword]
            report = _landed_report(manifest, plan.date)
            note = "landed earlier; nothing was fetched"
            if manifest.state != "done":
                note += f". The day is past and stays as it was landed: {manifest.state}, {manifest.pages} pages"
            self._mirror.keyword(report)
            self._materialize(keyword, report, note)
        for keyword, reason in plan.refused.items():
            self._unfinished[plan.date, keyword] = ("refused", reason)
        self._paused += len(plan.paused)
        parts = [f"{len(plan.crawl)} to crawl"] if plan.crawl else ["nothing to crawl"]
        parts += [f"{len(plan.landed)} landed already"] if plan.landed else []
        parts += [f"{len(plan.paused)} paused ({_some(plan.paused)})"] if plan.paused else []
        parts += [f"{len(plan.refused)} refused"] if plan.refused else []
        self._context.log.info("%s %s: %s", self._spec.name, plan.date, ", ".join(parts))

    # ---- crawling

    def _crawl(self, plan: DayPlan, records: Mapping[str, KeywordRecord]) -> None:
        """One crawl for all open keywords of the day, most urgent first."""
        partitions: dict[str, list[str]] = {}
        for text, record in records.items():
            if text in plan.crawl:
                partitions.setdefault(record.keyword.text, []).append(text)
        asked = {record.keyword.text: record for record in records.values()}
        queries = [query for keyword in partitions for query in asked[keyword].queries(self._spec.nationwide)]
        label = f"{self._spec.name} {plan.date}"
        log = ProgressLog(self._context.log.info, total=len(partitions), label=label)
        started, clock = dt.datetime.now(SHANGHAI), time.monotonic()
        identities = IdentityLog(
            self._store,
            run_id=self._context.run.run_id,
            platform=self._spec.name,
            date=plan.date,
            node=self._crawler.settings().node_name,
        )
        reports: list[KeywordReport] = []

        def landed(update: CheckpointUpdate) -> None:
            self._mirror.checkpoint(update)
            log.checkpoint(update)

        def ended(report: KeywordReport) -> None:
            reports.append(report)
            identities.keyword(report)
            self._mirror.keyword(report)
            record_yield(self._store, report)
            reason = report.error or str(report.stop_reason)
            for text in partitions[report.keyword]:
                if report.state == "done":
                    self._materialize(text, report)
                else:
                    self._unfinished[plan.date, text] = (report.state, reason)
            if report.state != "done":
                log.trouble(f"{report.keyword}: {report.state}, {report.pages} pages landed: {reason}")
            log.keyword(report)

        stop = "cancelled or crashed"
        try:
            if self._error is not None:
                raise self._error
            stop = self._engine.crawl(
                self._spec,
                queries,
                date=plan.date,
                landing=self._zone,
                control=self._store,
                on_keyword=ended,
                on_checkpoint=landed,
                allowances=self._allowances(plan.date, asked.values()),
            ).stop_reason
        except CrawlError as error:
            stop = str(error)
            self._error = error
        finally:
            self._mirror.flush()
            log.close()
            identities.close()
            self._record(plan.date, started, reports, stop)
        told = {report.keyword for report in reports}
        for keyword, texts in partitions.items():
            if keyword not in told:
                self._unfinished |= {(plan.date, text): ("not begun", stop) for text in texts}
        pages = sum(report.pages for report in reports)
        seconds = time.monotonic() - clock
        self._context.log.info("%s: %d keywords, %d pages landed in %.1f s", label, len(reports), pages, seconds)
        if stop:
            self._context.log.warning("%s stopped early: %s", label, stop)

    def _allowances(self, date: dt.date, asked: Iterable[KeywordRecord]) -> Mapping[str, Allowance] | None:
        """The crawl plan of the day, None where there is none."""
        planned = day_allowances(self._store, self._spec.name, date, asked)
        if planned is not None:
            most = sum(allowance.pages for allowance in planned.values())
            self._context.log.info("%s %s: the crawl plan allows %d pages", self._spec.name, date, most)
        return planned

    def _record(self, date: dt.date, started: dt.datetime, reports: Sequence[KeywordReport], stop: str) -> None:
        """Leave a row of the run in the control store."""
        run_id, platform = self._context.run.run_id, self._spec.name
        open_keywords = [report for report in reports if report.state != "done"]
        self._store.record_run(
            RunRecord(
                run_id=run_id,
                task=names.raw_pages(platform).to_user_string(),
                state="failure" if stop or open_keywords else "success",
                started_at=started,
                ended_at=dt.datetime.now(SHANGHAI),
                platform=platform,
                date=date,
                pages=sum(report.pages for report in reports),
                records=sum(report.records for report in reports),
                detail=stop or f"{len(reports) - len(open_keywords)} of {len(reports)} keywords done",
            )
        )

    # ---- telling Dagster

    def _materialize(self, partition: str, report: KeywordReport, note: str = "") -> None:
        """One event per keyword, at the moment it ended; never one per page."""
        folder = landing_folder(self._zone, self._spec.name, report.date, Keyword.parse(report.keyword))
        self._marked.add((report.date, partition))
        self._context.log_event(
            dg.AssetMaterialization(
                names.raw_pages(self._spec.name),
                partition=dg.MultiPartitionKey({DATE: report.date.isoformat(), KEYWORD: partition}),
                metadata=keyword_metadata(report, folder, note),
            )
        )

    def _finish(self, days: Mapping[dt.date, Sequence[str]]) -> None:
        total = sum(len(wanted) for wanted in days.values())
        if not self._unfinished:
            self._context.log.info(
                "%s: %d of %d keyword partitions are landed", self._spec.name, len(self._marked), total
            )
            return
        named = [f"{keyword} ({state})" for (_, keyword), (state, _) in self._unfinished.items()]
        reasons = Counter(reason for _, reason in self._unfinished.values())
        main, times = reasons.most_common(1)[0]
        dates = sorted({date for date, _ in self._unfinished})
        span = f"{dates[0]}" if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        why = f"all: {main}" if times == len(self._unfinished) else f"most often: {main}"
        raise dg.Failure(
            description=(
                f"{len(self._unfinished)} of {total} keywords of {self._spec.name} did not finish on {span}:"
                f" {_some(named)}; {why}. What is landed is kept; run the same partitions again to go on from there."
            ),
            metadata={
                "unfinished": problem_table((d, k, *how) for (d, k), how in self._unfinished.items()),
                "finished_keywords": len(self._marked),
                "unfinished_keywords": len(self._unfinished),
                "paused_keywords": self._paused,
            },
            allow_retries=False,
        ) from self._error


def _parse(text: str) -> Keyword | None:
    """The keyword of a partition key; None for a key that is none, typed into the UI: the plan refuses it."""
    try:
        return Keyword.parse(text)
    except BadKeyword:
        return None


def _target(record: KeywordRecord, spec: PlatformSpec) -> Target:
    return Target(cities=frozenset(query.city for query in record.queries(spec.nationwide)), paused=record.paused)


def _landed_report(manifest: Manifest, date: dt.date) -> KeywordReport:
    """What a manifest says, as the crawl would report it."""
    from crawler_core.crawl.report import KeywordReport

    return KeywordReport(
        platform=manifest.platform,
        date=date,
        keyword=manifest.keyword,
        state=manifest.state,
        stop_reason=manifest.stop_reason,
        pages=manifest.pages,
        records=manifest.records,
        next_page=max((city.next_page for city in manifest.cities.values()), default=1),
        already_landed=True,
    )


def _some(values: Sequence[str]) -> str:
    """The first ten, and how many more there are."""
    more = f" and {len(values) - _NAMED} more" if len(values) > _NAMED else ""
    return ", ".join(values[:_NAMED]) + more
