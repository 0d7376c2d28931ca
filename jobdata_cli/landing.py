"""``jobdata landing``: what is landed, and whether it is intact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from jobdata_cli.failure import INCOMPLETE
from jobdata_cli.output import AsJson, DateOption, PlatformOption, day, print_json, print_table

if TYPE_CHECKING:
    from crawler_core.landing import LandingZone

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Landed pages: list, verify.")

_COLUMNS = ("platform", "date", "keyword", "state", "stop_reason", "pages", "records", "segments", "bytes")


@app.command()
def ls(platform: PlatformOption = None, date: DateOption = None, as_json: AsJson = False) -> None:
    """List landed keywords: state, pages, records, segments and compressed bytes."""
    zone = _zone(platform)
    only = day(date)
    rows: list[dict[str, Any]] = [
        {
            "platform": manifest.platform,
            "date": manifest.date,
            "keyword": manifest.keyword,
            "state": manifest.state,
            "stop_reason": manifest.stop_reason,
            "pages": manifest.pages,
            "records": manifest.records,
            "segments": len(manifest.segments),
            "bytes": sum(segment.size_bytes for segment in manifest.segments),
            "updated_at": manifest.updated_at,
        }
        for name in ([platform] if platform else zone.platforms())
        for date_ in ([only] if only else zone.dates(name))
        for manifest in sorted(zone.manifests(name, date_), key=lambda manifest: manifest.keyword)
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(_COLUMNS, rows, empty=f"nothing is landed under {zone.url}")


@app.command()
def verify(platform: PlatformOption = None, date: DateOption = None, as_json: AsJson = False) -> None:
    """Check every landed segment against its manifest: hashes, lines, each page exactly once.

    Exit code 3 when anything is wrong.
    """
    from crawler_core.landing import verify as verify_zone

    zone = _zone(platform)
    problems = [
        {"kind": problem.kind, "path": problem.path, "detail": problem.detail}
        for problem in verify_zone(zone, platform, day(date))
    ]
    if as_json:
        print_json(problems)
    else:
        print_table(("kind", "path", "detail"), problems, empty=f"no problems under {zone.url}")
    if problems:
        raise typer.Exit(INCOMPLETE)


def _zone(platform: str | None) -> LandingZone:
    from crawler_core.landing import LandingZone
    from crawler_core.platforms import platform as spec_of
    from crawler_core.settings import CrawlSettings, load

    if platform is not None:
        spec_of(platform)
    settings = load(CrawlSettings)
    return LandingZone.from_url(settings.landing_url, s3_endpoint=settings.landing_s3_endpoint)
