"""What assets show in the UI: metadata built from plain values. No I/O, no decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone

if TYPE_CHECKING:
    from crawler_core.crawl.report import KeywordReport

__all__ = ["counts", "keyword_metadata", "landing_folder", "markdown_table", "problem_table"]

_CELL_CHARS = 60
_ROWS = 200


def landing_folder(
    zone: LandingZone, platform: str, date: dt.date, keyword: Keyword
) -> dg.PathMetadataValue | dg.UrlMetadataValue:
    """Where the pages of a keyword and day are: a folder, or the URL of an object prefix."""
    folder = zone.folder(platform, date, keyword)
    if zone.local_root is not None:
        return dg.MetadataValue.path(str(zone.local_root / folder))
    return dg.MetadataValue.url(f"{zone.url}/{folder}")


def keyword_metadata(
    report: KeywordReport, folder: dg.PathMetadataValue | dg.UrlMetadataValue, note: str = ""
) -> dict[str, Any]:
    """One keyword's materialization. Numbers are plotted by the UI over the days."""
    metadata: dict[str, Any] = {
        "pages": report.pages,
        "records": report.records,
        "new_ids": report.new_ids,
        "requests": report.fetched,
        "seconds": report.seconds,
        "state": report.state,
        "stop_reason": str(report.stop_reason),  # may be an Outcome, which Dagster refuses to store
        "resumed": report.resumed,
        "already_landed": report.already_landed,
        "outcomes": counts(report.outcomes),
        "egress": counts(report.egress),
        "landing": folder,
    }
    if report.fresh is not None:
        metadata["fresh"] = report.fresh
    if note:
        metadata["note"] = note
    return metadata


def counts(values: Mapping[str, int]) -> dg.JsonMetadataValue:
    """Counts by name, ordered by name."""
    return dg.MetadataValue.json({str(name): count for name, count in sorted(values.items())})


def problem_table(rows: Iterable[tuple[dt.date, str, str, str]]) -> dg.TableMetadataValue:
    """Date, keyword, state and reason of what did not finish; the first 200."""
    names = ("date", "keyword", "state", "reason")
    records = [
        dg.TableRecord(dict(zip(names, (row[0].isoformat(), *row[1:]), strict=True)))
        for _, row in zip(range(_ROWS), rows, strict=False)
    ]
    schema = dg.TableSchema([dg.TableColumn(name, "string") for name in names])
    return dg.MetadataValue.table(records=records, schema=schema)


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as a Markdown table. Cells are foreign text: markup is escaped, long ones are cut at 60 characters."""
    lines = ["| " + " | ".join(_cell(name) for name in columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split())
    if len(text) > _CELL_CHARS:
        text = text[: _CELL_CHARS - 1] + "…"
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "\\`*_[]|!#~":
        text = text.replace(mark, "\\" + mark)
    return text
