"""The first step of every normaliser: one spelling for what the platforms spell in several ways.

What belongs here: entities, full and half width, invisible characters, dashes, private-use digits, and the refusal
of damaged text. What does not: any meaning of a field.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection

from crawler_core.normalize.result import Reason

__all__ = ["BLANK_WORDS", "VERSION", "clean", "decode_digits", "squeeze"]

VERSION = "1"

BLANK_WORDS = frozenset({"null", "none", "nan", "undefined"})
"""Words that clients and exports write for a missing value."""

_PRIVATE_DIGITS = {0xE031 + digit: str(digit) for digit in range(10)}
_ENTITY = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
_DAMAGED = re.compile("[\ufffd\ud800-\udfff]")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\x00-\x08\x0e-\x1f\x7f]")
_SPACE = re.compile(r"\s+")
_ODD_SPACE = re.compile(r"[^\S ]|  ")
_DASH = re.compile("[‐‑‒–—―−〜∼]")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("〜∼", "~"))
# NFKC would turn ``5²K`` into ``52K`` and ``①5K`` into ``15K``: figures that nobody published.
_FIGURE_LIKE = re.compile("[²³¹¼-¾⁰-₉⅐-↉①-⓿❶-➓㈠-㊿]")
_ORDINARY = re.compile(r"[0-9A-Za-z一-鿿·()/.+-]+")
"""Text that none of the steps below would change."""
_SPECIAL = re.compile("|".join(one.pattern for one in (_DAMAGED, _PRIVATE, _INVISIBLE, _FIGURE_LIKE)))
_FIGURE = re.compile(r"[0-9]")
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")


def decode_digits(text: str) -> str:
    """Turn U+E031 … U+E03A into 0 … 9: the font of Boss HTML pages (docs/wire.md section 8)."""
    return text.translate(_PRIVATE_DIGITS)


def _unescape(text: str) -> str:
    """Resolve HTML entities; a second time when a page was escaped twice (``&amp;amp;``)."""
    for _ in range(2):
        if "&" not in text or not _ENTITY.search(text):
            break
        text = html.unescape(text)
    return text


def clean(
    raw: str | None, *, blank: Collection[str] = BLANK_WORDS, private_digits: bool = False
) -> tuple[str, Reason | None]:
    """One spelling: entities resolved, NFKC, no invisible characters, single blanks, ASCII dashes.

    Args:
        raw: the published text.
        blank: lower-case words that stand for nothing.
        private_digits: decode the private-use digits of Boss pages first.

    Returns:
        The text, and a reason when it is to be refused: empty, damaged, in an unknown private font, or with
        figures that the folding would invent.
    """
    if raw is None:
        return "", Reason.EMPTY
    text, refused = (raw, None) if _ORDINARY.fullmatch(raw) else _fold(raw, private_digits=private_digits)
    if refused:
        return text, refused
    if not text or text.lower() in blank:
        return "", Reason.EMPTY
    return text, None


def _fold(text: str, *, private_digits: bool) -> tuple[str, Reason | None]:
    if "&" in text:
        text = _unescape(text)
    if _SPECIAL.search(text):  # one search spares most strings four
        if private_digits:
            text = decode_digits(text)
        if _DAMAGED.search(text):
            return text, Reason.DAMAGED
        if _PRIVATE.search(text):
            return text, Reason.PRIVATE_FONT
        if _FIGURE_LIKE.search(text) and _FIGURE.search(text):
            return text, Reason.NOT_UNDERSTOOD
        text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        if _DASH.search(text):
            text = text.translate(_DASHES)
    if _ODD_SPACE.search(text):
        text = _SPACE.sub(" ", text)
    return text.strip(), None


def squeeze(text: str) -> str:
    """Cleaned text without blanks, in lower case and without thousands commas: what the figure grammars read."""
    text = text.replace(" ", "").lower()
    return _COMMA.sub("", text) if "," in text else text
