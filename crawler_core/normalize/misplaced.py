"""Recognises a value that stands in the wrong column, by its shape.

What belongs here: one narrow pattern per kind of value. A pattern names what a string is, it does not read it; it is
asked only after the column's own grammar has failed. What does not belong here: values of a column itself.
"""

from __future__ import annotations

import re

from crawler_core.normalize.result import Reason

__all__ = ["misplaced_reason"]

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_SCALE = r"(?:k|千元?|万元?|元)"
_MONTHS = r"(?:[·・.-]?[0-9]{2}薪)?"
_PATTERNS: tuple[tuple[Reason, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        (Reason.MISPLACED_INTERNSHIP, r"[1-7]天/周(?:[·,]?[0-9]{1,2}个月(?:以上)?)?|[0-9]{1,2}个月(?:以上)?"),
        (Reason.MISPLACED_ACTIVITY, r".*活跃|在线"),
        (Reason.MISPLACED_SIZE, r"(?:[0-9]+-)?[0-9]+人(?:以上|以下)?|少于[0-9]+人"),
        (
            Reason.MISPLACED_SALARY,
            rf"(?:年薪)?(?:{_NUMBER}{_SCALE}?-)?{_NUMBER}{_SCALE}(?:及?以[上下])?(?:/[^0-9]+)?{_MONTHS}|(?:薪资)?面议",
        ),
        (
            Reason.MISPLACED_EXPERIENCE,
            r"(?:[0-9]+-)?[0-9]{1,2}年(?:及?以[上下内])?(?:工作)?(?:经验)?|经验不限|无需?(?:工作)?经验|在校生?(?:/应届生?)?|应届(?:毕业)?生?",
        ),
        (
            Reason.MISPLACED_DEGREE,
            r"学历不限|初中(?:及?以下)?|高中|中专|中技|中专/中技|中技/中专|(?:大专|本科|硕士|博士)(?:及?以上)?|e?mba|mba/emba",
        ),
        (Reason.MISPLACED_STAGE, r"未融资|天使轮|[a-d]轮|d轮及以上|已上市|不需要融资"),
        (
            Reason.MISPLACED_TYPE,
            r"民营(?:公司|企业)?|国企|外资(?:\(.*\))?|外商独资|合资|上市公司|股份制企业|事业单位|创业公司",
        ),
        (Reason.MISPLACED_DATE, r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*"),
    )
)


def misplaced_reason(text: str, *own: Reason) -> Reason:
    """What a squeezed string is, when it is a value of another column.

    Args:
        text: squeezed text (see ``text.squeeze``), not empty.
        own: kinds that the asking column owns and that its own grammar has refused already.

    Returns:
        A ``misplaced:…`` reason, or ``not_understood``.
    """
    for reason, pattern in _PATTERNS:
        if reason not in own and pattern.fullmatch(text):
            return reason
    return Reason.NOT_UNDERSTOOD
