"""One batch of companies: claimed from the queue, fetched, and told back one by one as each one ends.

Between the control store and the crawl library, without Dagster. A process that dies leaves its batch leased: the
next run of the same day takes it over under the same id, so what was landed is not fetched again.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawler_core.errors import CrawlError
from crawler_core.landing import LandingZone
from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets.companies.company_targets import company_targets
from jobdata_resources.control import ControlStore, ControlStoreError, company_ref
from jobdata_resources.crawler import CrawlerResource
from jobdata_resources.settings import CompanySettings

if TYPE_CHECKING:  # the crawl brings the HTTP client along
    from crawler_core.crawl import CompanyResult

__all__ = ["BatchReport", "batch_name", "fetch_batch"]

_NOT_BEGUN = "not begun"
_NO_IDENTITY = "no_identity"


@dataclass(slots=True, kw_only=True)
class BatchReport:
    """How a batch went.

    Attributes:
        batch_id: empty when there was nothing to claim.
        claimed: companies of the batch; ``resumed``: it was begun by another run.
        states: companies by state; those not begun went back into the queue and are in ``released``.
        reasons: of what did not end well, with how often.
        stop_reason: why the rest was not begun; ``broken``: because the platform's answers look changed.
    """

    batch_id: str = ""
    claimed: int = 0
    resumed: bool = False
    fetched: int = 0
    released: int = 0
    states: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, int] = field(default_factory=dict)
    egress: dict[str, int] = field(default_factory=dict)
    stop_reason: str = ""
    broken: bool = False


def batch_name(date: dt.date, run_id: str) -> str:
    """The id of a run's batch: its day, so that only a run of that day takes it over, and the run."""
    return f"{date:%Y%m%d}-{run_id.split('-', maxsplit=1)[0]}"


def fetch_batch(
    spec: PlatformSpec,
    *,
    date: dt.date,
    batch_id: str,
    limit: int,
    settings: CompanySettings,
    crawler: CrawlerResource,
    landing: LandingZone,
    store: ControlStore,
    log: Callable[[str], None],
) -> BatchReport:
    """Claim a batch and fetch it; every company that was asked about has its state in the queue afterwards.

    Args:
        batch_id: of a new batch; a batch of the day that another run left is taken over first, with its own id.
        limit: companies to claim; 0 only goes on with what this batch holds.

    Raises:
        CrawlError: the crawl could not be done; what was not asked about is back in the queue.
        ControlStoreError: the queue does not answer.
    """
    lease = dt.timedelta(seconds=settings.company_lease_seconds)
    batch = store.claim_companies(spec.name, batch_id=batch_id, limit=limit, lease=lease)
    if not batch.companies:
        return BatchReport()
    report = BatchReport(batch_id=batch.batch_id, claimed=len(batch.companies), resumed=batch.resumed)
    retry = dt.timedelta(seconds=settings.company_retry_seconds)

    def ended(result: CompanyResult) -> None:
        if result.state == "retry_later" and result.reason.startswith(_NOT_BEGUN):
            return
        if result.state != "done":
            report.reasons[f"{result.state}: {result.reason}"] += 1
        report.states[result.state] += 1
        kept = store.finish_company(
            spec.name,
            company_ref(result.target.company_id, result.target.name),
            batch_id=batch.batch_id,
            state=result.state,
            reason=result.reason,
            retry=retry,
        )
        if not kept:
            log(f"{spec.name} company {result.target.key}: another run holds the batch by now, its state stands")

    try:
        with _renewed(store, spec.name, batch.batch_id, lease, log):
            crawled = crawler.crawl_companies(
                spec,
                company_targets(batch.companies, landing),
                date=date,
                batch_id=batch.batch_id,
                landing=landing,
                control=store,
                on_company=ended,
            )
    except CrawlError:
        # Nothing is known to be wrong with the companies: the next run goes on with this batch at once.
        store.release_companies(spec.name, batch.batch_id)
        raise
    report.released = store.release_companies(spec.name, batch.batch_id)
    report.fetched, report.outcomes, report.egress = crawled.fetched, crawled.outcomes, crawled.egress
    report.stop_reason = crawled.stop_reason
    resting = any(one.reason.startswith(_NO_IDENTITY) for one in crawled.companies)
    report.broken = bool(crawled.stop_reason) and not resting
    return report


@contextmanager
def _renewed(
    store: ControlStore, platform: str, batch_id: str, lease: dt.timedelta, log: Callable[[str], None]
) -> Iterator[None]:
    """Keep the batch during a crawl that may rest for longer than the lease."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(lease.total_seconds() / 4):
            try:
                store.renew_companies(platform, batch_id, lease)
            except ControlStoreError as error:
                log(f"the lease of batch {batch_id} could not be renewed, it is tried again: {error}")

    thread = threading.Thread(target=renew, name="company-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
