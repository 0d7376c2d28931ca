"""Company names taken apart: a canonical legal name, and the parts that tell which names may mean one company.

A Chinese company name is ``region + core + industry + form`` (``上海`` ``示例`` ``信息技术`` ``有限公司``); the region
may stand in brackets in the middle (``示例信息技术（上海）有限公司``), a branch follows the form. Platforms print the
full name, the core alone, or the core with industry words; Boss cuts long ones with ``...``.

What belongs here: splitting one name. Deciding that two names are one company belongs to the resolver, which gets
evidence here and no decision: ``legal`` equal is the same registered name; an equal ``core`` alone is a candidate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from crawler_core.normalize.company_words import (
    BRANCH,
    BRAND_LIKE,
    FORMS,
    HEADERS,
    INDUSTRY_WORDS,
    LATIN_FORM,
    ORGANISATION_LAST,
    ORGANISATIONS,
)
from crawler_core.normalize.place import leading_city, leading_province
from crawler_core.normalize.result import Reason
from crawler_core.normalize.text import clean

__all__ = ["VERSION", "CompanyName", "normalise_company_name", "normalise_company_names"]

VERSION: Final = "2"


@dataclass(frozen=True, slots=True)
class CompanyName:
    """A company name, taken apart. All parts are NFKC and lower case but ``name``; empty when absent.

    Attributes:
        name: the name as shown: NFKC, ASCII brackets, single blanks.
        legal: the canonical registered name, without branch and remarks and with 有限责任公司 written 有限公司; empty
            for short names, for truncated ones and for foreign ones without a Chinese form.
        region: where the name places the company, short form (``上海``, ``深圳``, ``广东``, ``中国``); the
            narrowest one named.
        region_at: ``prefix`` (``上海示例``), ``bracket`` (``示例（上海）``), ``suffix``
            (``示例网络科技成都有限公司``), or empty.
        core: the distinctive part (``示例``).
        industry: the industry words between core and form (``信息技术``).
        form: the legal form: ``有限公司``, ``股份有限公司``, ``集团公司``, ``事务所``, ``学校``, ``co ltd`` …
        form_published: the form as published (``有限责任公司``).
        group: the name says 集团.
        branch: the branch with its place (``深圳分公司``).
        branch_place: the branch's city or province, short form.
        remark: what follows the form and is no branch (an English name, ``总部``), and brackets that hold no place.
        truncated: cut by the platform with ``...``.
        derivation: ``legal_name``, ``organisation``, ``company_word`` (公司 without a form), ``foreign_form`` or
            ``short_name``, then ``branch``, ``region_prefix``, ``region_bracket``, ``region_suffix``, ``industry``,
            ``truncated`` for each rule that applied.
        reason: why it is unparsed, else None.
    """

    name: str = ""
    legal: str = ""
    region: str = ""
    region_at: str = ""
    core: str = ""
    industry: str = ""
    form: str = ""
    form_published: str = ""
    group: bool = False
    branch: str = ""
    branch_place: str = ""
    remark: str = ""
    truncated: bool = False
    derivation: str = ""
    reason: Reason | None = None


@dataclass(slots=True)
class _Split:
    """A name split at its legal form; ``kind`` is the first word of the derivation."""

    head: str
    form: str = ""
    form_published: str = ""
    kind: str = "short_name"
    tail: str = ""


_BRACKETS: Final = str.maketrans("〔〕【】[]{}", "()()()()")
_CJK_BLANK: Final = re.compile(r"(?<=[一-鿿()]) | (?=[一-鿿()])")
_BRACKET: Final = re.compile(r"[〔〕【】\[\]{}]")
_CUT: Final = re.compile(r"\.{2,}$")
_BRACKETED: Final = re.compile(r"\(([^()]*)\)")
_CHINESE: Final = re.compile("[一-鿿]+")
"""Nearly every registered name: nothing to clean, no blank, bracket, remark or cut."""
_WORD: Final = re.compile(r"[0-9a-z\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_GROUP: Final = re.compile(r"\(集团\)|集团$")
_COMPANY: Final = "公司"
_FORM_NAMES: Final = dict(FORMS)
_FORMS_BY_END: Final[dict[str, list[str]]] = {}
for _form in sorted(_FORM_NAMES, key=len, reverse=True):
    _FORMS_BY_END.setdefault(_form[-3:], []).append(_form)
"""The forms by their last three characters, the longest first."""
_COMPANY_FORMS: Final = frozenset(_FORM_NAMES.values())
_COUNTY: Final = re.compile(r"[一-鿿]{2,3}县|[一-鿿]{2,6}自治[县州]")
_DISTRICT: Final = re.compile(r"[一-鿿]{1,3}新区|[一-鿿]{2,3}(?<![社园小校景地专街商新])区(?!块|域|间)")
_COUNTRIES: Final = ("中国", "china")
_INDUSTRY_BY_END: Final[dict[str, list[str]]] = {}
for _word in sorted(INDUSTRY_WORDS, key=len, reverse=True):
    _INDUSTRY_BY_END.setdefault(_word[-2:], []).append(_word)
_BRANCH_SIGNS: Final = frozenset("分支办代营")
"""Every branch word begins with one of them; most names have none."""
_CORE_MINIMUM: Final = 2


def normalise_company_names(values: Iterable[str | None]) -> list[CompanyName]:
    """Take distinct company names apart, in order."""
    return [normalise_company_name(value) for value in values]


def normalise_company_name(raw: str | None) -> CompanyName:
    """Take one company name apart; never raises."""
    if raw is not None and _CHINESE.fullmatch(raw):
        shown, text, cut = raw, raw, None
    else:
        shown, refused = clean(raw, blank=())
        if refused:
            return CompanyName(reason=refused)
        shown = _unwrap(shown)
        text = (_CJK_BLANK.sub("", shown) if " " in shown else shown).lower()
        if not _WORD.search(text):
            return CompanyName(reason=Reason.NOT_UNDERSTOOD)
        cut = _CUT.search(text)
    if text in HEADERS:
        return CompanyName(reason=Reason.NOT_UNDERSTOOD)
    split = _Split(text[: cut.start()]) if cut else _split(text)
    branch, branch_place, remark = _read_tail(split.tail) if split.tail else ("", "", "")
    body, group = _GROUP.subn("", split.head) if "集团" in split.head else (split.head, 0)
    bracket = note = ""
    if "(" in body:
        body, bracket, note = _take_brackets(body)
    region, rest = _take_region(body)
    core, industry = _take_industry(rest)
    if region and len(core) < _CORE_MINIMUM:  # the region is all the name there is: 朝阳科技有限公司
        region = ""
        core, industry = _take_industry(body)
    region_at = "bracket" if bracket else "prefix" if region else ""
    if not bracket and not industry and split.form in _COMPANY_FORMS:
        place, shorter = _trailing_place(core)
        if place:  # 示例网络科技成都有限公司
            region, region_at = place, "suffix"
            core, industry = _take_industry(shorter)
    derivation = split.kind
    if branch:
        derivation += "+branch"
    if region_at:
        derivation += f"+region_{region_at}"
    if industry:
        derivation += "+industry"
    if cut:
        derivation += "+truncated"
    return CompanyName(
        name=shown,
        legal=split.head + split.form if split.kind in ("legal_name", "organisation") else "",
        region=bracket or region,
        region_at=region_at,
        core=core,
        industry=industry,
        form=split.form,
        form_published=split.form_published,
        group=bool(group),
        branch=branch,
        branch_place=branch_place,
        remark=f"{note} {remark}".strip(),
        truncated=cut is not None,
        derivation=derivation,
    )


def _unwrap(text: str) -> str:
    """Round brackets instead of others, and none around the whole name (``【示例有限公司】``)."""
    if _BRACKET.search(text):
        text = text.translate(_BRACKETS)
    if text[0] == "(" and text[-1] == ")":
        inner = text[1:-1]
        if inner.find(")") >= inner.find("("):
            return inner.strip()
    return text


def _split(text: str) -> _Split:
    """Find the legal form: the first one, since only a branch or a remark follows it."""
    end = text.find(_COMPANY, 1)
    while end != -1:
        end += len(_COMPANY)
        for published in _FORMS_BY_END.get(text[end - 3 : end], ()):
            start = end - len(published)
            if start > 0 and text.startswith(published, start):
                return _Split(text[:start], _FORM_NAMES[published], published, "legal_name", text[end:])
        end = text.find(_COMPANY, end)
    head, tail = _split_branch(text)
    match = ORGANISATIONS.search(head, 1) if head[-1] in ORGANISATION_LAST else None
    if match:
        return _Split(head[: match.start()], match[0], match[0], "organisation", tail)
    if head.endswith(_COMPANY) and head != _COMPANY:
        return _Split(head.removesuffix(_COMPANY), _COMPANY, _COMPANY, "company_word", tail)
    match = LATIN_FORM.search(head, 1) if head[-1].isascii() else None
    if match:
        form = " ".join(re.split(r"[.,\s]+", match[1])).strip()
        return _Split(head[: match.start()], form, match[1], "foreign_form", tail)
    return _Split(head, tail=tail)


def _split_branch(text: str) -> tuple[str, str]:
    """Split a name without a legal form before its branch, and that branch's city (``神州租车`` ``深圳分公司``)."""
    match = BRANCH.search(text, _CORE_MINIMUM) if not _BRANCH_SIGNS.isdisjoint(text) else None
    if match is None:
        return text, ""
    start = match.start()
    for length in range(min(6, start - _CORE_MINIMUM), 1, -1):
        if _short(text[start - length : start]):
            return text[: start - length], text[start - length :]
    return text[:start], text[start:]


def _read_tail(tail: str) -> tuple[str, str, str]:
    """Branch, its place and the remark in what follows the legal form."""
    match = BRANCH.search(tail)
    if match is None:
        return "", "", tail.strip("()- ")
    branch = tail[: match.end()].strip("()- ")
    return branch, _leading_place(branch)[0], tail[match.end() :].strip("()- ")


def _leading_place(text: str) -> tuple[str, str]:
    """The narrowest place a text begins with, short form, and the rest."""
    province, rest = leading_province(text, bare=True)
    city, after = leading_city(rest, province)
    if not city and province:  # 吉林市, 海南州: the city shares its province's name
        own, own_rest = leading_city(text)
        if own and len(own_rest) < len(rest):
            return own, own_rest
    if city and not province and city in BRAND_LIKE and rest[len(city)] != "市":
        return "", text
    return (city, after) if city else (province, rest)


def _short(text: str) -> str:
    """The short form of a text that is nothing but a place; empty when it is more."""
    if text in _COUNTRIES:
        return "中国"
    province, rest = leading_province(text)
    if not rest:
        return province
    city, rest = leading_city(rest, province)
    return city if not rest else ""


def _take_brackets(body: str) -> tuple[str, str, str]:
    """Take brackets out: the text without them, the region in them, anything else in them."""
    region, notes = "", []
    for content in _BRACKETED.findall(body):
        place = _short(content)
        if place and not region:
            region = place
        elif content:
            notes.append(content)
    return _BRACKETED.sub("", body).replace("(", "").replace(")", ""), region, " ".join(notes)


def _take_region(body: str) -> tuple[str, str]:
    """Take the leading region off: country, province, city, county; the narrowest is kept."""
    if body.startswith(_COUNTRIES):
        return "中国", body.removeprefix("中国").removeprefix("china")
    region, rest = _leading_place(body) if len(body) > _CORE_MINIMUM else ("", body)
    if "区" in rest or "县" in rest:
        match = (_DISTRICT if region else _COUNTY).match(rest)
        if match:
            return region or match[0], rest[match.end() :]
    return region, rest


def _trailing_place(body: str) -> tuple[str, str]:
    """The city or province a text ends with, and the text before it, of four characters at least."""
    for length in range(min(5, len(body) - 4), 1, -1):
        if place := _short(body[-length:]):
            return place, body[:-length]
    return "", body


def _take_industry(body: str) -> tuple[str, str]:
    """Take industry words off the end while a core is left."""
    end = len(body)
    while True:
        for word in _INDUSTRY_BY_END.get(body[max(0, end - 2) : end], ()):
            start = end - len(word)
            if start >= _CORE_MINIMUM and body.startswith(word, start):
                end = start
                break
        else:
            return body[:end], body[end:]
