"""``jobdata cleanup``: the nightly clean-up by hand, or what it would do."""

from __future__ import annotations

import datetime as dt
import os
from typing import Annotated

import typer

from jobdata_cli.failure import BAD_INPUT, fail
from jobdata_cli.output import AsJson, print_json, print_table
from jobdata_cli.stores import open_store

__all__ = ["register"]

_COLUMNS = ("kind", "count", "bytes", "kept", "note")


def register(app: typer.Typer) -> None:
    """Add ``cleanup``."""
    app.command("cleanup")(_cleanup)


def _cleanup(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be removed")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove what is past its retention: runs, ticks, log rows, telemetry, loaded pages (settings `RETAIN_*`).

    Works on the Dagster instance of `DAGSTER_HOME` and on the stores of the settings.
    """
    import dagster as dg

    from crawler_core.landing import LandingZone
    from crawler_core.settings import load
    from crawler_core.values import SHANGHAI
    from jobdata_resources.retention.clean import clean
    from jobdata_resources.settings import CrawlSettings, RetentionSettings, StoreSettings
    from jobdata_resources.warehouse import open_warehouse

    settings, stores, landing = load(RetentionSettings), load(StoreSettings), load(CrawlSettings)
    if not os.environ.get("DAGSTER_HOME"):
        fail("DAGSTER_HOME is not set: name the folder of the Dagster instance, $JOBDATA_HOME/dagster", BAD_INPUT)
    with open_store() as store, dg.DagsterInstance.get() as instance:
        report = clean(
            instance=instance,
            store=store,
            zone=LandingZone.from_url(landing.landing_url, s3_endpoint=landing.landing_s3_endpoint),
            open_warehouse=lambda: open_warehouse(stores, comment={"program": "jobdata cleanup"}),
            home=stores.jobdata_home,
            settings=settings,
            now=dt.datetime.now(SHANGHAI),
            dry_run=dry_run,
        )
    if as_json:
        print_json({"dry_run": report.dry_run, "count": report.count, "bytes": report.bytes, "kinds": [*report.rows()]})
        return
    print_table(_COLUMNS, report.rows(), empty="nothing was looked at")
    typer.echo(f"{'would remove' if dry_run else 'removed'} {report.count} things, {report.bytes} bytes")
