"""A report as a mail. Sending is the mailer's: it takes these values as they are.

To join the two where a mailer is at hand: ``Mail(subject=…, text=…, html=…, attachments=…)`` from the value of
``report_mail``, field by field, after the files are written.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobdata_assets.report.files import ReportFiles
from jobdata_assets.report.model import MarketReport
from jobdata_assets.report.render import render_text, subject

__all__ = ["ReportAttachment", "ReportMail", "report_mail"]

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class ReportAttachment:
    """A file of the mail with its media type."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class ReportMail:
    """What is to be sent; ``html`` is the page itself, below the 100 kB from which on mail services cut a body."""

    subject: str
    text: str
    html: str
    attachments: tuple[ReportAttachment, ...]


def report_mail(report: MarketReport, files: ReportFiles) -> ReportMail:
    """The mail of a report: the page as body and as attachment, and the workbook."""
    page = files.content[files.html]
    return ReportMail(
        subject=subject(report),
        text=render_text(report),
        html=page.decode(),
        attachments=(
            ReportAttachment(files.html, page, "text/html"),
            ReportAttachment(files.workbook, files.content[files.workbook], _XLSX),
        ),
    )
