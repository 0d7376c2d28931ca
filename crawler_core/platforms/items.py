"""The field tables executed in Python: the records of one landed body, for single looks and for tests.

Whole days are loaded by the warehouse with the same tables (``fields``); this reader says what that must give.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from crawler_core.platforms.fields import Field, PageShape, split_path

__all__ = ["read_items", "text_of"]

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INT64 = 2**63
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_items(shape: PageShape, body: bytes) -> list[dict[str, object]]:
    """The records of a body, one row per item in order, each with every column of the shape.

    Total: a body that is no JSON object gives no rows, as in the warehouse; that such a page is no success was
    already said by ``judge`` when it was fetched. Half of a surrogate pair (a text cut inside an emoji) becomes
    U+FFFD here, where ClickHouse gives up the whole page.
    """
    root = _decode(body)
    for path in shape.items:
        found = _lookup(root, split_path(path))
        if shape.single:
            if isinstance(found, dict) and found:
                return [_row(shape.fields, found)]
        elif isinstance(found, list) and found:
            return [_row(shape.fields, item) for item in found]
    return []


def _decode(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # perhaps only a lone surrogate: the standard library reads those
    try:
        whole = json.dumps(json.loads(body), ensure_ascii=False)
        return json.loads(_SURROGATE.sub("\ufffd", whole))
    except (ValueError, RecursionError):
        return None


def _row(fields: tuple[Field, ...], item: object) -> dict[str, object]:
    return {field.column: _value(field, item) for field in fields}


def _value(field: Field, item: object) -> object:
    if field.kind == "texts":
        return next((texts for path in field.paths if (texts := _texts(item, path))), [])
    text = ""
    for path in field.paths:
        value = _lookup(item, split_path(path))
        text = value if type(value) is str else text_of(value)
        if text:
            break
    return text if field.kind in ("text", "json") else _number(field.kind, text)


def _number(kind: str, text: str) -> object:
    if kind == "bool":
        return text in ("true", "1")
    if kind == "int":
        return number if _WHOLE.fullmatch(text) and -_INT64 <= (number := int(text)) < _INT64 else 0
    return decimal if _DECIMAL.fullmatch(text) and math.isfinite(decimal := float(text)) else 0.0


def _texts(item: object, path: str) -> list[str]:
    array, marker, member = path.partition("[]")
    found = _lookup(item, split_path(array))
    if not isinstance(found, list):
        return []
    elements = [_lookup(element, split_path(member[1:])) for element in found] if marker and member else found
    return [text for text in map(text_of, elements) if text]


def _lookup(value: Any, members: tuple[str, ...]) -> object:
    for member in members:
        if type(value) is not dict:
            return None
        value = value.get(member)
    return value


def text_of(value: object) -> str:
    """The text of a decoded JSON value, as ``fields`` defines it."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _number_text(value)
        case _:
            try:
                return _compact(value)
            except RecursionError:
                return ""


def _compact(value: object) -> str:
    """JSON without blanks, characters unescaped, numbers as ``_number_text``."""
    match value:
        case dict():
            return "{" + ",".join(f"{_quoted(key)}:{_compact(member)}" for key, member in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_compact, value)) + "]"
        case str():
            return _quoted(value)
        case None:
            return "null"
        case _:
            return text_of(value) or "null"


def _quoted(text: object) -> str:
    return msgspec.json.encode(text).decode()


def _number_text(value: float) -> str:
    """The shortest text that reads back as the number: plain from 1e-6 up to 1e21, with an exponent beyond."""
    if not math.isfinite(value):
        return ""
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if value == 0:
        return f"{sign}0"
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))  # digits before the decimal point
    digits = digits.rstrip("0")
    if 0 < point <= 21:
        text = digits.ljust(point, "0") if len(digits) <= point else f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{point - 1}"
    return sign + text
