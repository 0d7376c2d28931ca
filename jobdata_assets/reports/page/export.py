"""A report's tables as CSV files and as a workbook. Pure: sheets go in, bytes come out.

Cells are foreign text: none becomes a formula or a link, in the workbook or when a spreadsheet opens a CSV file.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jobdata_assets.reports.page.sheets import Chart, Column, Sheet

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

__all__ = ["csv_bytes", "workbook_bytes"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FORMATS: dict[str, dict[str, Any]] = {
    "text": {"text_wrap": False},
    "day": {"num_format": "yyyy-mm-dd", "align": "left"},
    "count": {"num_format": "#,##0"},
    "money": {"num_format": "#,##0"},
    "share": {"num_format": "0.0%"},
    "points": {"num_format": "+0.0;−0.0;0.0"},
    "milliseconds": {"num_format": "#,##0"},
}
_BLUE, _ORANGE = "#2563A8", "#D07A3C"
_CELL_CHARS = 32_767


def csv_bytes(sheet: Sheet) -> bytes:
    """A table as CSV in UTF-8 with a byte order mark, without which spreadsheets misread Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.name for column in sheet.columns])
    writer.writerows(
        [_csv_cell(value, column) for value, column in zip(row, sheet.columns, strict=True)] for row in sheet.rows
    )
    return text.getvalue().encode("utf-8-sig")


def workbook_bytes(sheets: Sequence[Sheet], *, title: str, made_at: dt.datetime) -> bytes:
    """The tables as a workbook: one sheet each, heads frozen, filters on, native charts beside the figures.

    The same report gives the same bytes: the date of the file is ``made_at``.
    """
    from xlsxwriter import Workbook

    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(target, options) as book:
        book.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
        formats = {kind: book.add_format({"font_size": 10, **values}) for kind, values in _FORMATS.items()}
        head: dict[str, Any] = {
            "bold": True,
            "font_size": 10,
            "bg_color": "#EEF1F4",
            "bottom": 1,
            "bottom_color": "#9AA5B1",
        }
        heads = {"text": book.add_format(head), "number": book.add_format({**head, "align": "right"})}
        for sheet in sheets:
            page = book.add_worksheet(sheet.title)
            _fill(page, sheet, formats, heads)
            if sheet.chart is not None and sheet.rows:
                _draw(book, page, sheet, sheet.chart)
    return target.getvalue()


def _csv_cell(value: object, column: Column) -> object:
    if value is None:
        return ""
    if column.kind in ("text", "day"):
        text = str(value)
        return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
    if isinstance(value, float):
        return round(value, 4)
    return value


def _fill(page: Worksheet, sheet: Sheet, formats: dict[str, Any], heads: dict[str, Any]) -> None:
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, column.width, formats[column.kind])
        page.write_string(0, place, column.name, heads["text" if column.kind in ("text", "day") else "number"])
    for number, row in enumerate(sheet.rows, start=1):
        for place, (value, column) in enumerate(zip(row, sheet.columns, strict=True)):
            shape = formats[column.kind]
            if isinstance(value, dt.date):
                page.write_datetime(number, place, dt.datetime.combine(value, dt.time()), shape)
            elif isinstance(value, str):
                page.write_string(number, place, value[:_CELL_CHARS], shape)
            elif isinstance(value, int | float):
                page.write_number(number, place, value, shape)
    last = max(1, len(sheet.rows))
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, last, len(sheet.columns) - 1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _draw(book: Workbook, page: Worksheet, sheet: Sheet, wanted: Chart) -> None:
    last = min(len(sheet.rows), wanted.rows)
    chart = book.add_chart({"type": wanted.kind})
    for color, place in zip((_BLUE, _ORANGE), wanted.columns, strict=False):
        chart.add_series(
            {
                "name": [sheet.title, 0, place],
                "categories": [sheet.title, 1, 0, last, 0],
                "values": [sheet.title, 1, place, last, place],
                "line": {"color": color, "width": 2} if wanted.kind == "line" else {"none": True},
                "fill": {"color": color},
                "gap": 40,
            }
        )
    grid = {"major_gridlines": {"visible": True, "line": {"color": "#E3E7EC"}}}
    chart.set_title({"name": wanted.title, "name_font": {"size": 12, "bold": True}})
    chart.set_legend({"position": "bottom"} if len(wanted.columns) > 1 else {"none": True})
    values = {**grid, "num_format": "#,##0", "min": 0, "max": wanted.top}
    if wanted.kind == "bar":
        # The first row on top; the scale stays below.
        chart.set_y_axis({"reverse": True, "crossing": "max", "num_font": {"size": 9}})
        chart.set_x_axis(values)
    elif wanted.kind == "line":
        chart.set_x_axis({"date_axis": True, "major_unit": 5, "num_format": "d mmm", "num_font": {"size": 9}})
        chart.set_y_axis(values)
    else:
        chart.set_x_axis({"num_font": {"size": 9}})
        chart.set_y_axis(values)
    chart.set_size({"width": 620, "height": max(280, 24 * last + 90) if wanted.kind == "bar" else 320})
    page.insert_chart(1, len(sheet.columns) + 1, chart)
