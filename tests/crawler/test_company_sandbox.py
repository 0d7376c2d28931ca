"""Company details against the sandbox: equal to its truth, every trouble told apart, nothing secret anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler_core.crawl import CompanyCrawlReport, CompanyResult, crawl_companies, landed_companies
from crawler_core.landing import LandingZone, read_segment, verify
from crawler_core.platforms import platform
from crawler_core.platforms.company import CompanyTarget
from sandbox.process import SandboxProcess
from tests.support import companies

WORD = "数据工程师"
PLATFORMS = ["boss", "qcwy", "zhilian"]


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


class House:
    """A sandbox, a landing zone with a day's listings, and one call to fetch companies."""

    def __init__(self, sandbox: SandboxProcess, folder: Path) -> None:
        self.sandbox = sandbox
        self.zone = LandingZone.from_url(f"file://{folder}/landing")
        self.results: list[CompanyResult] = []
        self.lines: list[str] = []

    def targets(self, name: str, count: int) -> list[CompanyTarget]:
        listed = companies.listed_targets(self.sandbox, self.zone, name, WORD)
        return [target for target in listed if target.company_id][:count]

    def fetch(
        self, name: str, targets: list[CompanyTarget], batch_id: str = "b1", **changes: Any
    ) -> CompanyCrawlReport:
        return crawl_companies(
            platform(name),
            targets,
            date=companies.today(),
            settings=companies.settings(self.sandbox, **changes),
            landing=self.zone,
            batch_id=batch_id,
            tokens=companies.tokens(self.sandbox),
            on_company=self.results.append,
            on_event=self.lines.append,
        )

    def faults(self, *rules: dict[str, Any]) -> None:
        self.sandbox.control("POST", "/faults", list(rules))


@pytest.fixture
def house(running: SandboxProcess, tmp_path: Path) -> House:
    running.control("DELETE", "/faults")
    running.control("POST", "/reset", {})
    return House(running, tmp_path)


@pytest.mark.parametrize("name", PLATFORMS)
def test_details_equal_the_truth(house: House, name: str) -> None:
    targets = house.targets(name, 30)
    assert len(targets) == 30
    report = house.fetch(name, targets)
    assert (report.states, report.fetched, report.outcomes) == ({"done": 30}, 30, {"ok": 30})
    assert house.results == list(report.companies)
    known = companies.truth(house.sandbox)
    records = list(landed_companies(platform(name), house.zone, companies.today(), "b1"))
    assert len(records) == 30
    by_id = {record.company_id: record for record in records}
    for target in targets:
        record = by_id[target.company_id]
        fact = known[target.extra["company_key"] if name == "qcwy" else target.company_id]
        assert record.full_name == fact["legal_name"]
        assert record.name in fact["listed"][name]
        assert (record.credit_code == fact["uscc"]) is (name == "qcwy")
        for column in ("legal_person", "registered_capital", "founded_text", "address", "business_scope", "industry"):
            assert record.columns()[column], column
            assert (
                record.sources[column].call in {"boss": "brand_detail", "qcwy": "pc_info", "zhilian": "job_page"}[name]
            )
        assert fact["legal_name"] in record.introduction
    assert list(verify(house.zone)) == list(verify(house.zone.companies)) == []
    again = house.fetch(name, targets)
    assert (again.fetched, again.states) == (0, {"done": 30})
    assert all(result.already_landed for result in again.companies)


def test_a_boss_company_without_an_id_is_found_through_a_job_or_its_exact_name(house: House) -> None:
    listed = companies.listed_targets(house.sandbox, house.zone, "boss", WORD)
    unknown = [target for target in listed if not target.company_id]
    through_job = unknown[:5]
    through_name = [CompanyTarget("boss", "", target.name) for target in unknown[5:10]]
    invented = CompanyTarget("boss", "", "没有这个品牌的公司")
    report = house.fetch("boss", [*through_job, *through_name, invented])
    ended = {result.target.key: result for result in report.companies}
    assert {ended[target.key].state for target in through_job} == {"done"}
    names = {one["listed"]["boss"][0]: [] for one in companies.truth(house.sandbox).values()}
    for one in {one["boss_id"]: one for one in companies.truth(house.sandbox).values()}.values():
        names[one["listed"]["boss"][0]].append(one)
    records = {record.name: record for record in landed_companies(platform("boss"), house.zone, companies.today())}
    for target in through_name:
        bearers = names[target.name]
        assert ended[target.key].state == ("done" if len(bearers) == 1 else "refused")
        if len(bearers) == 1:
            assert records[target.name].company_id == bearers[0]["boss_id"]
    assert (ended[invented.key].state, ended[invented.key].reason) == (
        "refused",
        "brand_list: no brand has exactly this name",
    )


@pytest.mark.parametrize("name", PLATFORMS)
def test_an_id_that_is_refused_is_gone_beside_one_that_is_found(house: House, name: str) -> None:
    good = house.targets(name, 1)
    bad = CompanyTarget(
        name, "5999999" if name == "qcwy" else "CZ1" if name == "zhilian" else "0123~",
        "某公司", {"company_key": "AAAA", "job_id": "CC1J1"},
    )  # fmt: skip
    report = house.fetch(name, [bad, *good])
    states = {result.target.key: result.state for result in report.companies}
    # A job page that was taken down does not say that the company is gone.
    assert states == {good[0].key: "done", bad.key: "retry_later" if name == "zhilian" else "gone"}
    alone = house.fetch(name, [bad], "b2")
    assert alone.states == {"retry_later": 1}


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"kind": "throttle", "params": {"retry_after": 1}}, "throttled"),
        ({"kind": "truncate"}, "transport"),
        ({"kind": "truncate", "params": {"how": "close"}}, "transport"),
        ({"kind": "status", "params": {"status": 503}}, "transport"),
        ({"kind": "ban_ip", "params": {"seconds": 1}}, "banned"),
    ],
)
def test_trouble_on_the_way_is_survived(house: House, name: str, fault: dict[str, Any], outcome: str) -> None:
    targets = house.targets(name, 3)
    house.faults({"platform": name, "times": 1, **fault})
    report = house.fetch(name, targets, cool_down_seconds=0.01, ban_seconds=1.2)
    assert report.states == {"done": 3}
    assert report.outcomes[outcome] >= 1
    assert report.outcomes["ok"] == 3


@pytest.mark.parametrize(
    ("name", "fault", "outcome"),
    [
        ("boss", {"kind": "challenge"}, "challenge"),
        ("qcwy", {"kind": "challenge"}, "challenge"),
        ("zhilian", {"kind": "challenge"}, "challenge"),
        ("boss", {"kind": "html"}, "challenge"),
        ("zhilian", {"kind": "html"}, "challenge"),
        ("boss", {"kind": "code", "params": {"code": 36}}, "challenge"),
        ("qcwy", {"kind": "code", "params": {"code": 110104}}, "token_expired"),
        ("boss", {"kind": "code", "params": {"code": 4}}, "throttled"),
        ("boss", {"kind": "code", "params": {"code": 35}}, "banned"),
    ],
)
def test_what_does_not_end_is_retried_later_and_never_gone(
    house: House, name: str, fault: dict[str, Any], outcome: str
) -> None:
    targets = house.targets(name, 3)
    house.faults({"platform": name, "times": None, **fault})
    quick = {"cool_down_seconds": 0, "ban_seconds": 0, "egress_addresses": "127.0.1.1"}
    report = house.fetch(name, targets, **quick)
    assert report.states == {"retry_later": 3}
    assert set(report.outcomes) == {outcome}
    house.sandbox.control("DELETE", "/faults")
    house.sandbox.control("POST", "/reset", {})
    assert house.fetch(name, targets).states == {"done": 3}


@pytest.mark.parametrize("name", ["boss", "qcwy"])
def test_a_changed_schema_stops_after_three_companies(house: House, name: str) -> None:
    targets = house.targets(name, 6)
    house.faults({
        "platform": name, "kind": "schema_change", "times": None,
        "params": {"rename": {"zpData": "data", "coinfo": "companyInfo"}},
    })  # fmt: skip
    report = house.fetch(name, targets, egress_addresses="127.0.1.1")
    assert report.states == {"refused": 3, "retry_later": 3}
    # Boss is asked for a job of the company as well before it counts as refused.
    assert report.outcomes == {"schema_changed": 6 if name == "boss" else 3}
    assert "not answered as expected" in report.stop_reason


def test_an_expired_token_is_replaced(house: House) -> None:
    targets = house.targets("boss", 3)
    house.faults({"platform": "boss", "kind": "expire_token", "times": 1})
    report = house.fetch("boss", targets)
    assert report.states == {"done": 3}
    assert report.outcomes == {"token_expired": 1, "ok": 3}


def test_nothing_secret_is_landed_or_told(house: House) -> None:
    secrets = [text for token in house.sandbox.tokens() for text in token.values() if text]
    secrets.append(house.sandbox.env["QCWY_SIGN_KEY"])
    texts = []
    for name in PLATFORMS:
        targets = house.targets(name, 3)
        report = house.fetch(name, targets)
        texts += [repr(report), repr(house.results), repr(house.lines)]
        for ref in house.zone.companies.segments(name, companies.today()):
            texts += [repr(page) for page in read_segment(house.zone.companies.read(ref))]
        for target in targets:
            session = target.extra.get("security_id")
            assert not session or session not in repr(report)
    assert not any(secret in text for secret in secrets for text in texts)
