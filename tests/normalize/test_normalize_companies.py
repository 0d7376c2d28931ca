"""Company names taken apart."""

from __future__ import annotations

import pytest

from crawler_core.normalize import Reason
from crawler_core.normalize.company_name import CompanyName, normalise_company_name
from sandbox.company import make_company


def parts(read: CompanyName) -> tuple[str, str, str, str, str]:
    return read.region, read.region_at, read.core, read.industry, read.form


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("湖南示例科技有限公司", ("湖南", "prefix", "示例", "科技", "有限公司")),
        ("湖南省长沙市示例科技有限责任公司", ("长沙", "prefix", "示例", "科技", "有限公司")),
        ("爱彼智能信息技术（深圳）有限公司", ("深圳", "bracket", "爱彼", "智能信息技术", "有限公司")),
        ("睿扬天成网络科技成都有限公司", ("成都", "suffix", "睿扬天成", "网络科技", "有限公司")),
        ("深圳市云里物里科技股份有限公司", ("深圳", "prefix", "云里物里", "科技", "股份有限公司")),
        ("中国船舶集团有限公司", ("中国", "prefix", "船舶", "", "有限公司")),
        ("阿里巴巴（中国）有限公司", ("中国", "bracket", "阿里巴巴", "", "有限公司")),
        ("阿里云", ("", "", "阿里云", "", "")),
        ("成都盟升", ("成都", "prefix", "盟升", "", "")),
        ("北京市政路桥有限公司", ("北京", "prefix", "市政路桥", "", "有限公司")),
        ("上海浦东新区邦信小额贷款股份有限公司", ("上海", "prefix", "邦信小额贷款", "", "股份有限公司")),
        ("朝阳科技有限公司", ("", "", "朝阳", "科技", "有限公司")),
        ("蕲春县乐邦电子商务有限公司", ("蕲春县", "prefix", "乐邦", "电子商务", "有限公司")),
        ("【东电电子（上海）有限公司】", ("上海", "bracket", "东电", "电子", "有限公司")),
        ("示例科技", ("", "", "示例", "科技", "")),
        ("河南鸿蒙科技发展公司", ("河南", "prefix", "鸿蒙", "科技发展", "公司")),
        ("安永华明会计师事务所（特殊普通合伙）", ("", "", "安永华明", "会计师", "事务所(特殊普通合伙)")),
        ("Example Robotics Co., Ltd.", ("", "", "example robotics", "", "co ltd")),
    ],
)
def test_parts(text: str, expected: tuple[str, str, str, str, str]) -> None:
    assert parts(normalise_company_name(text)) == expected


@pytest.mark.parametrize(
    ("names", "legal"),
    [  # names of one company, separated by bars
        (
            (
                "湖南示例科技有限公司| 湖南示例科技有限公司 |湖南示例科技有限责任公司|湖南示例科技有限公司长沙分公司"
                "|湖南示例科技有限公司（总部）"
            ),
            "湖南示例科技有限公司",
        ),
        (
            (
                "示例科技（上海）有限公司|示例科技(上海)有限公司|示例科技(上海) 有限公司|示例科技〔上海〕有限公司"
                "|示例科技&#40;上海&#41;有限公司"
            ),
            "示例科技(上海)有限公司",
        ),
        ("示例ＡＢ科技股份有限公司|示例ab科技股份公司", "示例ab科技股份有限公司"),
        ("甲有限公司|甲有限责任公司", "甲有限公司"),
    ],
)  # fmt: skip
def test_one_registered_name(names: str, legal: str) -> None:
    assert {normalise_company_name(name).legal for name in names.split("|")} == {legal}


def test_the_place_of_the_region_tells_registered_names_apart() -> None:
    front, middle = normalise_company_name("上海示例科技有限公司"), normalise_company_name("示例科技（上海）有限公司")
    assert front.legal != middle.legal
    assert (front.region, front.core, front.industry) == (middle.region, middle.core, middle.industry)


@pytest.mark.parametrize(
    ("text", "branch", "place", "core"),
    [
        ("京信通信技术（广州）有限公司湖北分公司", "湖北分公司", "湖北", "京信"),
        ("上海胜通科技有限公司上海第一分公司", "上海第一分公司", "上海", "胜通"),
        ("平安银行股份有限公司武汉分行", "武汉分行", "武汉", "平安银行"),
        ("神州租车深圳分公司", "深圳分公司", "深圳", "神州租车"),
        ("中审华会计师事务所（特殊普通合伙）湖南分所", "湖南分所", "湖南", "中审华"),
    ],
)
def test_branch(text: str, branch: str, place: str, core: str) -> None:
    read = normalise_company_name(text)
    assert (read.branch, read.branch_place, read.core) == (branch, place, core)


def test_evidence_beside_the_name() -> None:
    read = normalise_company_name("首利国际贸易（上海）有限公司 Sou Le Co., Ltd.")
    assert (read.legal, read.remark) == ("首利国际贸易(上海)有限公司", "sou le co., ltd.")
    group = normalise_company_name("青岛城市建设投资（集团）有限责任公司")
    assert (group.group, group.core, group.form_published) == (True, "城市", "有限责任公司")
    cut = normalise_company_name("江苏智奥维大数据...")
    assert (cut.truncated, cut.legal, cut.region) == (True, "", "江苏")
    assert cut.derivation == "short_name+region_prefix+industry+truncated"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, Reason.EMPTY),
        ("  ", Reason.EMPTY),
        ("公司名称", Reason.NOT_UNDERSTOOD),
        ("companyName", Reason.NOT_UNDERSTOOD),
        ("---", Reason.NOT_UNDERSTOOD),
        ("南京浩博科技有\ufffd\ufffd公司", Reason.DAMAGED),
        ("示例\ue0f1公司", Reason.PRIVATE_FONT),
    ],
)
def test_refused_for_a_reason(text: str | None, reason: Reason) -> None:
    assert normalise_company_name(text).reason is reason


def test_every_spelling_of_the_sandbox_has_the_same_core() -> None:
    """The sandbox knows the brand behind every name it lists; former names belong to no brand of today."""
    wrong = []
    seen = 0
    for number in range(1500):
        company = make_company(7, number)
        listed = {name for pair in company.listed.values() for name in pair} | {company.legal_name}
        legal = normalise_company_name(company.legal_name).legal
        for name in listed - {company.former_name}:
            read = normalise_company_name(name)
            seen += 1
            if read.core != company.brand or read.legal not in ("", legal):
                wrong.append((name, company.brand, read.core))
    assert (wrong, seen > 4000) == ([], True)
