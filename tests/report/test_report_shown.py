"""How a report is shown: page, text, Markdown, CSV and workbook, with much, little and hostile data."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from openpyxl import load_workbook

from jobdata_assets.reports.page import charts, words
from jobdata_assets.reports.page.files import report_files, write_files
from jobdata_assets.reports.page.mail import report_mail
from jobdata_assets.reports.page.model import CompanyLine, MarketReport, Movement, SkillLine
from jobdata_assets.reports.page.render import headline, render_html, render_markdown, render_text, subject
from jobdata_assets.reports.page.sheets import sheets
from tests.report.reports import DAY, empty, full

MAIL_LIMIT = 100_000
"""Mail services cut a longer body."""

HOSTILE = "=A1<script>alert('x')</script>| & 公司 http://evil.invalid/"


class Page(HTMLParser):
    """The text of a page, what it loads, and whether its elements are closed in order."""

    _VOID = frozenset({"meta", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.loads: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [(tag, value or "") for name, value in attrs if name in ("src", "href", "background", "action")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.texts)


REPORTS = {
    "empty": empty(),
    "full": full(),
    "huge": full(1_000_000),
    "first day": full(trend=tuple(Movement(day.day, 60 if day.day == DAY else 0, 0) for day in empty().trend)),
    "two days": full(trend=tuple(Movement(day.day, 0 if i < 28 else 9, 0) for i, day in enumerate(empty().trend))),
    "one platform": full(health=tuple(one for one in full().health if one.platform == "boss")),
    "no salaries": full(
        cities=(), keywords_salary=(), cells=(), bands=empty().bands, total=replace(full().total, median=None)
    ),
}


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_every_report_is_a_whole_page_that_loads_nothing_and_fits_into_a_mail(report: MarketReport) -> None:
    html = render_html(report)
    page = Page(html)
    assert page.loads == []
    assert not page.tags & {"script", "img", "link", "iframe", "object", "form"}
    assert len(html.encode()) < MAIL_LIMIT
    assert html.lstrip().startswith("<!DOCTYPE html>")
    for strange in ("None", "nan", "inf", "Undefined", "{{", "{%"):
        assert strange not in page.text
    assert headline(report) in page.text
    assert render_text(report).count("\n") >= 4
    assert render_markdown(report).startswith(f"**{words.long_day(DAY)}**")
    assert subject(report).startswith("Job market 2026-11-21: ")


def test_what_the_page_says_stands_in_it_as_text() -> None:
    page = Page(render_html(full())).text
    for expected in (
        "Saturday, 21 November 2026", "BOSS直聘", "前程无忧", "智联招聘", "关键词0", "城市0", "公司0", "技能0",
        "2,100", "14.2k", "20.0%", "+5.0", "1.8 s", "banned 1", "98.2%", "Fri 20 Nov",
    ):  # fmt: skip
        assert expected in page, expected
    assert "公司15" not in page  # the page shows the first of them, the files all
    assert "svg" in Page(render_html(full())).tags


def test_a_day_of_which_nothing_is_known_says_so() -> None:
    page = Page(render_html(empty())).text
    for expected in ("No posting has been loaded yet", "No page was crawled", "No open posting names a company"):
        assert expected in page
    assert subject(empty()).endswith("nothing loaded yet")


def test_a_platform_that_was_not_crawled_is_named_at_the_top() -> None:
    report = REPORTS["one platform"]
    assert report.uncrawled == ("前程无忧", "智联招聘")
    page = Page(render_html(report)).text
    assert "Not crawled on this day: 前程无忧、智联招聘." in page
    assert page.count("not crawled on this day") == 2
    assert "Not crawled on this day: 前程无忧, 智联招聘." in render_text(report)
    assert "Not crawled" not in render_html(full())


def test_the_headline_compares_with_the_days_before_and_not_with_the_first_crawl() -> None:
    assert headline(REPORTS["first day"]) == "The first day: 60 postings were found. Most new ones under 关键词0 (3)."
    first = DAY - timedelta(days=5)
    days = tuple(
        Movement(day.day, 5_000 if day.day == first else 30 if day.day > first else 0, 0) for day in empty().trend
    )
    assert headline(full(trend=days)).startswith("60 new postings, 100% above usual; 27 closed.")
    assert words.change(97, 100) == "as usual"
    assert words.change(50, 100) == "50% below usual"


def test_foreign_text_is_text_everywhere() -> None:
    report = full(
        companies=(CompanyLine(HOSTILE, 9, 1, 1, "boss", None),),
        skills=(SkillLine("+cmd|' /C calc'!A0", 5, 0.1, 0, None, None), SkillLine("长" * 300, 4, 0.1, 0, None, None)),
    )
    html = render_html(report)
    page = Page(html)
    assert "script" not in page.tags
    assert "<script>alert('x')</script>" in page.text
    assert "长" * 60 not in page.text
    assert len(html.encode()) < MAIL_LIMIT
    assert "<script" not in render_markdown(report)
    files = report_files(report).content
    [_, row] = csv.reader(io.StringIO(files["companies.csv"].decode("utf-8-sig")))
    assert row[0] == f"'{HOSTILE}"
    book = load_workbook(io.BytesIO(files["market-report-2026-11-21.xlsx"]))
    cell = book["Companies"]["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (HOSTILE, "s", None)
    assert book["Skills"]["A2"].data_type == "s"


def test_the_workbook_has_every_table_in_full_with_formats_and_charts() -> None:
    report = full()
    content = report_files(report).content["market-report-2026-11-21.xlsx"]
    book = load_workbook(io.BytesIO(content))
    tables = {sheet.title: sheet for sheet in sheets(report)}
    assert book.sheetnames == list(tables)
    for title, sheet in tables.items():
        page = book[title]
        assert [cell.value for cell in page[1]] == [column.name for column in sheet.columns]
        assert page.max_row == 1 + len(sheet.rows)
        assert (page.freeze_panes, bool(page.auto_filter.ref)) == ("B2", True)
        assert len(page._charts) == (sheet.chart is not None)
    trend = book["Trend"]
    assert trend["A31"].value.date() == DAY
    assert trend["A31"].number_format == "yyyy-mm-dd"
    assert book["Skills"]["C2"].number_format == "0.0%"
    assert book["Companies"].max_row == 81
    assert report_files(report).content["market-report-2026-11-21.xlsx"] == content  # the same report, the same bytes
    assert load_workbook(io.BytesIO(report_files(empty()).content["market-report-2026-11-21.xlsx"])).sheetnames


def test_csv_files_open_in_a_spreadsheet_with_chinese() -> None:
    files = report_files(full()).content
    assert files["skills.csv"].startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(files["skills.csv"].decode("utf-8-sig"))))
    assert len(rows) == 80
    assert rows[0] == {
        "skill": "技能0", "postings": "200", "share": "0.2", "new 7 days": "30", "share of new": "0.25",
        "trend points": "5.0", "median": "15000.0",
    }  # fmt: skip
    assert {name for name in files if name.endswith(".csv")} == {f"{sheet.name}.csv" for sheet in sheets(full())}


def test_files_are_replaced_one_by_one_and_nothing_is_left_over(tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = write_files(tmp_path, report_files(empty()))
    assert folder == tmp_path / "reports" / "2026-11-21"
    files = report_files(full())
    assert write_files(tmp_path, files) == folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == dict(files.content)


def test_the_mail_has_the_page_as_body_and_page_and_workbook_attached() -> None:
    report = full()
    files = report_files(report)
    mail = report_mail(report, files)
    assert mail.subject == "Job market 2026-11-21: 60 new, 27 closed, 2,100 open"
    assert mail.html.encode() == files.content[files.html]
    assert "BOSS直聘: 700 open, 20 new, 9 closed" in mail.text
    assert [(one.name, one.media_type.partition("/")[0]) for one in mail.attachments] == [
        ("market-report-2026-11-21.html", "text"),
        ("market-report-2026-11-21.xlsx", "application"),
    ]


# ---- charts


def test_a_first_crawl_does_not_flatten_the_chart() -> None:
    trend = [Movement(DAY - timedelta(days=9 - place), 2_000 if not place else 50, 20) for place in range(10)]
    chart = charts.trend_chart(trend)
    assert chart is not None
    assert [value for _, value in chart.grid] == [0, 15, 30, 45, 60]
    assert [(one.day, one.value) for one in chart.clipped] == [(trend[0].day, 2_000)]
    heights = [float(point.split(",")[1]) for point in chart.new.points.split()]
    assert min(heights) == heights[0] >= 0


def test_a_chart_needs_two_days_and_begins_with_the_first_movement() -> None:
    still = [Movement(DAY - timedelta(days=9 - place), 0, 0) for place in range(10)]
    assert charts.trend_chart(still) is None
    assert charts.trend_chart([*still[:-1], Movement(DAY, 5, 0)]) is None
    chart = charts.trend_chart([*still[:-2], Movement(still[-2].day, 5, 0), Movement(DAY, 4, 9)])
    assert chart is not None
    assert [day for _, day in chart.days] == [still[-2].day, DAY]


@pytest.mark.parametrize(
    ("values", "top"), [([], 0), ([0, 0], 0), ([7], 7), ([900, 40, 30], 40), ([90, 40], 90), ([5, 0], 5)]
)
def test_the_scale_leaves_one_outlier_out(values: list[int], top: int) -> None:
    assert charts.ceiling(values) == top


def test_grid_values_are_round() -> None:
    tops = {charts.nice_ceiling(value) for value in range(1, 3_000)}
    assert all(top % 4 == 0 for top in tops)
    assert all(value <= charts.nice_ceiling(value) <= 2 * max(value, 4) for value in range(1, 3_000))
