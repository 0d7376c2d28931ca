"""Reads a CSV or YAML file into rows of texts that know their place; no meaning of any column lives here.

CSV: UTF-8 (with or without BOM), comma, first row names the columns, rows counted as a spreadsheet shows them.
YAML: a list of mappings, or of plain texts for the first column; values are taken as written, so ``no``, ``C++`` and
``007`` stay what they are. A list as value is joined with ``;``.
With ``secret`` no text of the file appears in a message.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from jobdata_resources.control.errors import ImportRefused

__all__ = ["Columns", "Row", "Table", "read_table"]

_MAX_BYTES = 20_000_000
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns a file may have.

    Attributes:
        required: must be in the file, and not empty in any row; the first is the one a plain YAML text stands for.
        aliases: other names of columns.
        secret: messages show no text of the file.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    secret: bool = False

    @property
    def known(self) -> tuple[str, ...]:
        """All column names."""
        return self.required + self.optional


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its place as people say it (``row 7``, ``line 9``) and its trimmed texts by column."""

    place: str
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


@dataclass(slots=True)
class Table:
    """A file's rows and the problems found so far; ``refuse_problems`` is the gate to applying it."""

    name: str
    secret: bool
    rows: list[Row] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def problem(self, row: Row, column: str, text: str) -> None:
        """Note a problem of one cell."""
        self.problems.append(f"{self.name} {row.place}, column {column}: {text}")

    def file_problem(self, text: str) -> None:
        """Note a problem of the file."""
        self.problems.append(f"{self.name}{text}")

    def refuse_problems(self) -> None:
        """Raise when anything is wrong.

        Raises:
            ImportRefused: with every problem.
        """
        if self.problems:
            raise ImportRefused(self.problems)


def read_table(path: Path, columns: Columns) -> Table:
    """Read the file.

    Raises:
        ImportRefused: it cannot be read, is empty, or its layout is wrong; problems of single rows are collected in
            the table instead.
    """
    table = Table(path.name, columns.secret)
    text = _text(path, table)
    read = _yaml_rows if path.suffix.lower() in _YAML else _csv_rows
    table.rows.extend(read(text, columns, table))
    if not table.rows and not table.problems:
        table.file_problem(f": no rows; give at least one with {', '.join(columns.required)}")
    for row in table.rows:
        for column in columns.required:
            if not row[column]:
                table.problem(row, column, "is empty; fill it in or remove the row")
    return table


def _text(path: Path, table: Table) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            table.file_problem(f": larger than {_MAX_BYTES // 1_000_000} MB; split it")
            table.refuse_problems()
        data = path.read_bytes()
    except OSError as error:
        raise ImportRefused([f"{path}: {error.strerror}; give a CSV or YAML file"]) from None
    if not data.strip():
        raise ImportRefused([f"{table.name}: the file is empty"])
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        raise ImportRefused([f"{table.name}: the file is UTF-16; save it as UTF-8 (in Excel: 'CSV UTF-8')"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportRefused(
            [f"{table.name} line {line}: the file is not UTF-8 (GBK?); save it as UTF-8 (in Excel: 'CSV UTF-8')"]
        ) from None


def _csv_rows(text: str, columns: Columns, table: Table) -> Iterable[Row]:
    reader = enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1)
    number = 0
    header: list[str] = []
    rows = []
    try:
        for number, cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells, columns, table)
            else:
                rows.append(_csv_row(number, cells, header, table))
    except csv.Error:
        table.file_problem(f" row {number + 1}: a quotation mark is not closed or not doubled; correct the row")
    return rows


def _csv_row(number: int, cells: list[str], header: list[str], table: Table) -> Row:
    row = Row(f"row {number}", dict(zip(header, (cell.strip() for cell in cells), strict=False)))
    if any(cell.strip() for cell in cells[len(header) :]):
        table.file_problem(
            f" row {number}: {len(cells)} cells, but the header names {len(header)} columns; quote a cell with a comma"
        )
    return row


def _header(cells: list[str], columns: Columns, table: Table) -> list[str]:
    names = [columns.aliases.get(name, name) for name in (cell.strip().casefold() for cell in cells)]
    while names and not names[-1]:
        names.pop()
    expected = f"the first row must name the columns: {', '.join(columns.known)}"
    if len(names) == 1 and names[0] not in columns.known:
        for delimiter, title in ((";", "';'"), ("\t", "tabs"), ("，", "'，'"), ("|", "'|'")):
            if delimiter in names[0]:
                raise ImportRefused([f"{table.name} row 1: columns are separated by {title}; use commas"])
    for position, name in enumerate(names, 1):
        if name not in columns.known:
            shown = f"{position}" if columns.secret else f"{name!r}"
            table.file_problem(f" row 1: column {shown} is unknown; {expected}")
        elif name in names[: position - 1]:
            table.file_problem(f" row 1: column {name!r} is named twice; {expected}")
    for name in columns.required:
        if name not in names:
            table.file_problem(f" row 1: column {name!r} is missing; {expected}")
    table.refuse_problems()
    return names


def _yaml_rows(text: str, columns: Columns, table: Table) -> Iterable[Row]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)  # the C loader overflows its stack on deep nesting
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        reason = f" ({error.problem})" if isinstance(error, yaml.MarkedYAMLError) and not columns.secret else ""
        raise ImportRefused([f"{table.name}{place}: not valid YAML{reason}; correct it there or just above"]) from None
    if root is None:
        raise ImportRefused([f"{table.name}: the file is empty"])
    if not isinstance(root, yaml.SequenceNode):
        raise ImportRefused([f"{table.name}: the file must be a list; begin each entry with '- '"])
    return [row for node in root.value for row in _yaml_row(node, columns, table)]


def _yaml_row(node: yaml.Node, columns: Columns, table: Table) -> Iterator[Row]:
    place = f"line {node.start_mark.line + 1}"
    if isinstance(node, yaml.ScalarNode):
        yield Row(place, {columns.required[0]: _scalar(node)})
        return
    if not isinstance(node, yaml.MappingNode):
        table.file_problem(f" {place}: must be a mapping of {', '.join(columns.known)}")
        return
    values: dict[str, str] = {}
    for key, value in node.value:
        line = f" line {key.start_mark.line + 1}"
        name = key.value.strip().casefold() if isinstance(key, yaml.ScalarNode) else ""
        name = columns.aliases.get(name, name)
        if name not in columns.known:
            shown = "a field" if columns.secret else f"field {name!r}"
            table.file_problem(f"{line}: {shown} is unknown; known are {', '.join(columns.known)}")
        elif name in values:
            table.file_problem(f"{line}: field {name!r} is given twice; keep one")
        else:
            cell = _cell(value)
            if cell is None:
                table.file_problem(f"{line}: field {name!r} must be a text or a list of texts")
            values[name] = cell or ""
    yield Row(place, values)


def _cell(node: yaml.Node) -> str | None:
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode) and all(isinstance(part, yaml.ScalarNode) for part in node.value):
        return ";".join(_scalar(part) for part in node.value)
    return None


def _scalar(node: yaml.ScalarNode) -> str:
    return "" if node.tag == "tag:yaml.org,2002:null" else str(node.value).strip()
