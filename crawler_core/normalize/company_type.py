"""Company type (51job, Zhaopin) and financing stage (Boss): two vocabularies with one word in common.

``已上市`` is a type on 51job and a stage on Boss; each normaliser reads it as its own column's word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crawler_core.normalize.misplaced import misplaced_reason
from crawler_core.normalize.result import Reason
from crawler_core.normalize.text import clean, squeeze

__all__ = [
    "STAGE_VERSION",
    "VERSION",
    "CompanyKind",
    "CompanyType",
    "FinancingStage",
    "Stage",
    "normalise_company_type",
    "normalise_company_types",
    "normalise_financing_stage",
    "normalise_financing_stages",
]

VERSION: Final = "1"
STAGE_VERSION: Final = "1"


class CompanyKind(StrEnum):
    """Who owns or runs the company."""

    PRIVATE = "private"
    STATE_OWNED = "state_owned"
    LISTED = "listed"
    JOINT_STOCK = "joint_stock"
    JOINT_VENTURE = "joint_venture"
    FOREIGN = "foreign"
    HONG_KONG_MACAO_TAIWAN = "hong_kong_macao_taiwan"
    REPRESENTATIVE_OFFICE = "representative_office"
    PUBLIC_INSTITUTION = "public_institution"
    GOVERNMENT = "government"
    NON_PROFIT = "non_profit"
    STARTUP = "startup"
    BANK = "bank"
    OTHER = "other"


class Stage(StrEnum):
    """Financing stages (docs/wire.md section 1.8, codes 801 to 808)."""

    UNFUNDED = "unfunded"
    ANGEL = "angel"
    ROUND_A = "round_a"
    ROUND_B = "round_b"
    ROUND_C = "round_c"
    ROUND_D_OR_LATER = "round_d_or_later"
    LISTED = "listed"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class CompanyType:
    """A company type, read.

    Attributes:
        kind: the type that all platforms share; None when unparsed.
        detail: what a platform adds: ``western``, ``not_western`` or ``wholly_owned`` for foreign companies.
        derivation: ``word``.
        reason: why it is unparsed, else None.
    """

    kind: CompanyKind | None = None
    detail: str = ""
    derivation: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class FinancingStage:
    """A financing stage, read.

    Attributes:
        stage: the stage; None when unparsed.
        derivation: ``word``.
        reason: why it is unparsed, else None.
    """

    stage: Stage | None = None
    derivation: str = ""
    reason: Reason | None = None


_TYPES: Final = {
    word: CompanyType(kind, detail, "word")
    for kind, detail, words in (
        (CompanyKind.PRIVATE, "", "民营 民营公司 民营企业 私营企业"),
        (CompanyKind.STATE_OWNED, "", "国企 国有企业"),
        (CompanyKind.LISTED, "", "上市公司 已上市"),
        (CompanyKind.JOINT_STOCK, "", "股份制企业"),
        (CompanyKind.JOINT_VENTURE, "", "合资 合资企业 中外合资"),
        (CompanyKind.FOREIGN, "", "外资 外企"),
        (CompanyKind.FOREIGN, "western", "外资(欧美)"),
        (CompanyKind.FOREIGN, "not_western", "外资(非欧美)"),
        (CompanyKind.FOREIGN, "wholly_owned", "外商独资"),
        (CompanyKind.HONG_KONG_MACAO_TAIWAN, "", "港澳台公司"),
        (CompanyKind.REPRESENTATIVE_OFFICE, "", "代表处 外企代表处"),
        (CompanyKind.PUBLIC_INSTITUTION, "", "事业单位"),
        (CompanyKind.GOVERNMENT, "", "政府机关 国家机关"),
        (CompanyKind.NON_PROFIT, "", "非营利组织 社会团体"),
        (CompanyKind.STARTUP, "", "创业公司"),
        (CompanyKind.BANK, "", "银行"),
        (CompanyKind.OTHER, "", "其它 其他"),
    )
    for word in words.split()
}
_STAGES: Final = {
    word: FinancingStage(stage, "word")
    for stage, word in (
        (Stage.UNFUNDED, "未融资"),
        (Stage.ANGEL, "天使轮"),
        (Stage.ROUND_A, "a轮"),
        (Stage.ROUND_B, "b轮"),
        (Stage.ROUND_C, "c轮"),
        (Stage.ROUND_D_OR_LATER, "d轮及以上"),
        (Stage.LISTED, "已上市"),
        (Stage.NOT_NEEDED, "不需要融资"),
    )
}
_UNSTATED: Final = frozenset({"不限", "保密"})


def normalise_company_type(raw: str | None) -> CompanyType:
    """Read one company type; never raises."""
    text, refused = clean(raw)
    if refused:
        return CompanyType(reason=refused)
    text = squeeze(text)
    if text in _TYPES:
        return _TYPES[text]
    if text in _UNSTATED:
        return CompanyType(reason=Reason.UNSTATED)
    return CompanyType(reason=misplaced_reason(text, Reason.MISPLACED_TYPE))


def normalise_financing_stage(raw: str | None) -> FinancingStage:
    """Read one financing stage; never raises. A size in this column is ``misplaced:company_size``."""
    text, refused = clean(raw)
    if refused:
        return FinancingStage(reason=refused)
    text = squeeze(text)
    if text in _STAGES:
        return _STAGES[text]
    if text in _UNSTATED:
        return FinancingStage(reason=Reason.UNSTATED)
    return FinancingStage(reason=misplaced_reason(text, Reason.MISPLACED_STAGE))


def normalise_company_types(values: Iterable[str | None]) -> list[CompanyType]:
    """Read distinct company types, in order."""
    return [normalise_company_type(value) for value in values]


def normalise_financing_stages(values: Iterable[str | None]) -> list[FinancingStage]:
    """Read distinct financing stages, in order."""
    return [normalise_financing_stage(value) for value in values]
