"""How a platform's answer maps to columns, as data: one definition, two executors.

The warehouse turns a ``PageShape`` into one ``JSONExtract`` per page and the crawl library reads single items
with the same table in Python (``items.read_items``); a test holds the two against each other. What both must do:

* **Items.** The first path of ``items`` that leads to a non-empty array gives the items, one row per element, in
  order (an element that is no object gives a row of empty values). With ``single`` the path leads to an object,
  which is the one item.
* **Text of a value.** A string is itself. ``null`` and a missing member are ``""``. ``true`` and ``false`` are
  those words. A number is its shortest JSON text (``12``, ``1.5`` for ``1.50``, ``1`` for ``1.0``). An object or
  array is its compact JSON text.
* **Scalars.** The text of the first path whose text is not empty is read as the column's kind: ``text`` and
  ``json`` as it is; ``int`` when it is a whole number of 64 bits, else 0; ``float`` when it is a decimal number,
  else 0; ``bool`` true when it is ``true`` or ``1``, else false.
* **Texts.** The first path that gives a non-empty list wins. The list holds the texts of the array's elements, or
  with ``a[].b`` those of member ``b`` of every element; empty texts are left out; what is no array is no list.
* **Paths.** Members joined by dots; a member holding dots is put in double quotes (``split_path``). They lead
  through objects only, never through a string that holds JSON. One path may extend another (``workingExp`` is a
  string today and was ``workingExp.name``): extract the shorter one as text and read the longer one from that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

__all__ = ["Field", "FieldKind", "PageShape", "split_path"]

FieldKind = Literal["text", "int", "float", "bool", "texts", "json"]
"""Column kinds: ``texts`` is an array of strings (numbers are turned into text), ``json`` the raw JSON as text."""

_MEMBER = re.compile(r'(?:"([^"]+)"|([^".]+))(?:\.|$)')


@cache
def split_path(path: str) -> tuple[str, ...]:
    """The members of a dotted path; a trailing ``[]`` stays with its member: ``a."b.c".d[].e``.

    Raises:
        ValueError: the path is empty or malformed: a mistake in a field table.
    """
    members: list[str] = []
    position = 0
    while position < len(path):
        match = _MEMBER.match(path, position)
        if match is None:
            break
        members.append(match[1] or match[2])
        position = match.end()
    if position != len(path) or not members or path.endswith("."):
        raise ValueError(f"field path {path!r} is malformed at position {position}")
    return tuple(members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of a record table.

    Attributes:
        column: snake_case column name.
        paths: dotted paths inside an item; the first that is present and not empty wins. Several spellings are
            listed where WIRE says LIKELY or UNKNOWN, or where an older item form is accepted as a variant.
            For kind ``texts`` a trailing ``[].name`` takes that member of every element.
        kind: the column's kind.
        content: part of the content hash. Rank, session ids and refresh times are not: with them every crawl
            would look like a change.
        required: an item without it is refused and counted.
        doc: what it is, with unit and source.
    """

    column: str
    paths: tuple[str, ...]
    kind: FieldKind = "text"
    content: bool = True
    required: bool = False
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShape:
    """Where the records of a page are and what they hold.

    Attributes:
        items: dotted paths of the array of items inside the body; the first that is present and not empty wins.
        fields: the columns, with the id column first.
        single: the paths of ``items`` lead to one object, the only item of the page.
    """

    items: tuple[str, ...]
    fields: tuple[Field, ...]
    single: bool = False

    @property
    def id_field(self) -> Field:
        """The field that identifies a record."""
        return self.fields[0]
