"""Migration: idempotent, columns can be added, everything else is a clear error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from crawler_core.landing import LandingZone, land_pages
from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.fields import Field
from crawler_core.platforms.spec import PlatformSpec
from jobdata_resources.warehouse import Warehouse, WarehouseSchemaError
from jobdata_resources.warehouse.catalog import SCHEMA_VERSION, build_catalog
from jobdata_resources.warehouse.tables import Engines
from tests.support.landed_pages import DAY, boss_body, boss_item, boss_pages, envelope

BOSS = PLATFORMS["boss"]


def boss_with(*fields: Field) -> dict[str, PlatformSpec]:
    return {"boss": replace(BOSS, search=replace(BOSS.search, fields=fields))}


def test_migrating_twice_is_one_entry(warehouse: Warehouse) -> None:
    assert warehouse.migrate() == SCHEMA_VERSION
    assert warehouse.query("SELECT count(), max(version) FROM schema_version") == [(1, SCHEMA_VERSION)]
    tables = {row[0] for row in warehouse.query("SHOW TABLES")}
    assert {
        "boss_job",
        "boss_job_detail",
        "qcwy_job",
        "zhilian_job",
        "job_sighting",
        "crawl_page",
        "crawl_run",
    } <= tables


def test_a_column_can_be_added(open_place: Callable[..., Warehouse], zone: LandingZone) -> None:
    land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 2))
    old = open_place(platforms={"boss": BOSS})
    old.load_day("boss", DAY, zone, run_id="run-1")
    fields = (*BOSS.search.fields[:3], Field(column="icon_word", paths=("iconWord",)), *BOSS.search.fields[3:])
    new = open_place(platforms=boss_with(*fields))
    page = envelope(boss_body([boss_item(1, iconWord="急聘")]), keyword="Java")
    land_pages(zone, "boss", DAY, "Java", "100010000", [(page, 1)])

    new.load_day("boss", DAY, zone, run_id="run-2")

    assert new.query("SELECT count() FROM schema_version") == [(2,)]
    rows = new.query(f"SELECT icon_word FROM boss_job WHERE job_id = '{1:016x}1nNz3di4ElpY' ORDER BY icon_word")
    assert rows[-1] == ("急聘",)
    assert [column.name for column in new.ask.columns("boss_job")][3] == "icon_word"


def test_a_database_of_before_gets_the_settings_of_today(
    open_place: Callable[..., Warehouse], zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    part_types = "SELECT DISTINCT part_type FROM system.parts WHERE database = currentDatabase() AND active AND table ="
    land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 2))
    with monkeypatch.context() as before:
        wide = property(lambda self: f"{self.settings}, min_bytes_for_wide_part = 0")
        before.setattr(Engines, "delta_settings", wide)
        old = open_place(platforms={"boss": BOSS})
        old.load_day("boss", DAY, zone, run_id="run-1")
        assert old.query(f"{part_types} 'boss_job_base'") == [("Wide",)]
    new = open_place(platforms={"boss": BOSS})
    assert new.migrate() == SCHEMA_VERSION
    seen = new.query("SELECT * FROM boss_job ORDER BY job_id")
    new.load_day("boss", DAY, zone, run_id="run-2")
    assert {kind for (kind,) in new.query(f"{part_types} 'boss_job_base'")} == {"Wide", "Compact"}
    assert new.query("SELECT * FROM boss_job ORDER BY job_id") == seen


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (BOSS.search.fields[:-1], "has column 'job_status', which this program does not know"),
        (
            (*BOSS.search.fields[:-1], replace(BOSS.search.fields[-1], kind="int")),
            r"column 'job_status' is SimpleAggregateFunction\(max, String\), this program wants .*Int64",
        ),
    ],
)
def test_other_changes_are_refused(
    open_place: Callable[..., Warehouse], fields: tuple[Field, ...], message: str
) -> None:
    open_place(platforms={"boss": BOSS}).migrate()
    with pytest.raises(WarehouseSchemaError, match=message):
        open_place(platforms=boss_with(*fields)).migrate()
    assert open_place(platforms={"boss": BOSS}).migrate() == SCHEMA_VERSION


def test_a_newer_database_is_refused(warehouse: Warehouse) -> None:
    warehouse.command(f"INSERT INTO schema_version (version, fingerprint) VALUES ({SCHEMA_VERSION + 1}, 'x')")
    with pytest.raises(WarehouseSchemaError, match="update the program"):
        warehouse.migrate()


def test_reserved_column_names_are_refused() -> None:
    fields = (*BOSS.search.fields, Field(column="load_id", paths=("x",)))
    with pytest.raises(ValueError, match="'load_id' is reserved"):
        build_catalog(boss_with(*fields))


def test_engines_of_a_cluster() -> None:
    catalog = build_catalog(PLATFORMS, Engines(cluster="main"))
    statements = [table.create(catalog.engines) for table in catalog.tables if table.stored]
    assert all("ON CLUSTER `main`" in text and "ENGINE = Replicated" in text for text in statements)


def test_queries_carry_the_run_in_their_comment(place) -> None:  # type: ignore[no-untyped-def]
    with place.open(comment={"run_id": "run-7", "asset": "boss_job"}) as warehouse:
        assert warehouse.query("SELECT getSetting('log_comment')") == [('{"asset": "boss_job", "run_id": "run-7"}',)]
