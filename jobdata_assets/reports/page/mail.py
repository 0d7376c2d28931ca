"""A report as a mail: the page as body and as attachment, and the workbook."""

from __future__ import annotations

from jobdata_assets.reports.page.files import ReportFiles
from jobdata_assets.reports.page.model import MarketReport
from jobdata_assets.reports.page.render import render_text, subject
from jobdata_resources.mail import Attachment, Mail

__all__ = ["report_mail"]

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def report_mail(report: MarketReport, files: ReportFiles) -> Mail:
    """The mail of a report; its HTML stays below the 100 kB from which on mail services cut a body."""
    page = files.content[files.html]
    return Mail(
        subject=subject(report),
        text=render_text(report),
        html=page.decode(),
        attachments=(
            Attachment(files.html, "text/html", page),
            Attachment(files.workbook, _XLSX, files.content[files.workbook]),
        ),
    )
