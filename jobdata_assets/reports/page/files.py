"""The files of a report, and the folder they are written to: ``$JOBDATA_HOME/reports/<date>/``."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jobdata_assets.reports.page.export import csv_bytes, workbook_bytes
from jobdata_assets.reports.page.model import MarketReport
from jobdata_assets.reports.page.render import render_html, subject
from jobdata_assets.reports.page.sheets import sheets

__all__ = ["FOLDER", "ReportFiles", "report_files", "write_files"]

FOLDER = "reports"


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """A report as files: ``html`` is the page's name, ``workbook`` the workbook's, ``content`` all by name."""

    date: dt.date
    html: str
    workbook: str
    content: Mapping[str, bytes]


def report_files(report: MarketReport) -> ReportFiles:
    """Page, workbook and CSV files."""
    html, workbook = f"market-report-{report.date}.html", f"market-report-{report.date}.xlsx"
    tables = sheets(report)
    content = {f"{sheet.name}.csv": csv_bytes(sheet) for sheet in tables}
    content[workbook] = workbook_bytes(tables, title=subject(report), made_at=report.made_at)
    content[html] = render_html(report).encode()
    return ReportFiles(report.date, html, workbook, content)


def write_files(home: Path, files: ReportFiles) -> Path:
    """Write a report and return its folder; each file replaces an older one at once, the page last.

    Raises:
        OSError: the folder cannot be written.
    """
    folder = home / FOLDER / files.date.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(files.content, key=lambda name: name == files.html):
        draft = folder / f".{name}.{os.getpid()}"
        draft.write_bytes(files.content[name])
        draft.replace(folder / name)
    return folder
