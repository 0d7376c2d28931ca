"""Keeps the facts complete: before a load is committed, and when the rules have changed.

    load:     field_value ◄── distinct strings ──► facts that are missing ──► commit of the load
    rebuild:  all stored strings ──► facts of the new version ──► one row in fact_version ──► stragglers

A visible job has its facts at the active version: a load writes them before its ledger row, a version is activated
after the facts of every stored string are there, rows of unfinished loads included. What a load on another machine
commits in the moment of the change is found by the second pass.

A load whose program brings rules that were never active fills everything and activates them first, so that a new
rule needs no ceremony; ``rebuild`` does the same at a moment of one's choosing.
"""

# ruff: noqa: S608 - generated SQL: names are our own

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crawler_core.normalize import NORMALISERS, Normaliser
from crawler_core.platforms.spec import PlatformSpec
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.errors import WarehouseBusy
from jobdata_resources.warehouse.facts.fields import FACT_FIELDS, fact_rules, sources
from jobdata_resources.warehouse.facts.fill import fill_load, fill_stored, store_values
from jobdata_resources.warehouse.facts.insert import insert_rows
from jobdata_resources.warehouse.facts.profile import Profile, profile_pages, sample_pages
from jobdata_resources.warehouse.facts.tables import FIELD_PROFILE
from jobdata_resources.warehouse.facts.versions import activate, read_versions
from jobdata_resources.warehouse.load_values import PendingLoad
from jobdata_resources.warehouse.loadlock import load_lock, now_and_then

__all__ = ["FactsKeeper", "RebuildResult"]

_LOCK = "facts"
_MEMBER = ("path", "type", "items", "example", "keyword", "page", "segment")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildResult:
    """What a rebuild did.

    Attributes:
        activated: new version by field; empty when readers saw the known versions already.
        strings: facts stored by field.
        seconds: wall time.
    """

    activated: dict[str, str]
    strings: dict[str, int]
    seconds: float


class FactsKeeper:
    """The facts of one warehouse.

    Attributes:
        rules: the version of each field's rules that this program knows.
    """

    def __init__(
        self, engine: Engine, platforms: Mapping[str, PlatformSpec], normalisers: Mapping[str, Normaliser] = NORMALISERS
    ) -> None:
        self._engine = engine
        self._sources = {spec.name: sources(spec.search) for spec in platforms.values()}
        self._specs = {spec.name: spec for spec in platforms.values()}
        self._normalisers = normalisers
        self.rules = fact_rules(normalisers)

    def begin(self) -> None:
        """Show the rules of this program from the start, where no string was ever stored; otherwise nothing.

        Raises:
            WarehouseError: the engine refused.
        """
        if not read_versions(self._engine).flip and not any(map(self._has_rows, self._sources)):
            with contextlib.suppress(WarehouseBusy):  # another process does the same
                self.rebuild(run_id="begin")

    def _has_rows(self, platform: str) -> bool:
        parts = " UNION ALL ".join(f"SELECT 1 FROM {platform}_job_{part}" for part in ("delta", "base"))
        return bool(self._engine.query(f"{parts} LIMIT 1", doing="look for stored jobs"))

    def before_commit(self, load: PendingLoad) -> dict[str, int]:
        """Make everything ready that must be there when the load gets visible; returns new strings by field.

        Raises:
            WarehouseSchemaError: the warehouse's facts are of newer rules; the load must not be committed.
            CorruptSegment: a sampled segment is damaged.
            WarehouseError: the engine refused.
        """
        versions = read_versions(self._engine)
        versions.require_not_superseded(self.rules)
        found = self._sources[load.platform]
        store_values(
            self._engine,
            f"{load.platform}_job_delta",
            found,
            platform=load.platform,
            date=load.date.isoformat(),
            load=load.load_id,
        )
        profile = profile_pages(self._specs[load.platform].search, sample_pages(load.landing, load.segments))
        self._store_profile(load, profile)
        stored: dict[str, int]
        if versions.outdated(self.rules):
            stored = self.rebuild(run_id=load.run_id, renew=load.renew).strings
        else:
            stored = dict.fromkeys(found, 0)
        new = fill_load(self._engine, self._normalisers, platform=load.platform, load=load.load_id, renew=load.renew)
        for field, count in new.items():
            stored[field] += count
        # Another machine may have rebuilt in the meantime: what was written above would then be of no use.
        read_versions(self._engine).require_not_superseded(self.rules)
        return stored

    def rebuild(self, *, run_id: str, renew: Callable[[], None] = lambda: None) -> RebuildResult:
        """Fill the facts of every stored string at the known versions, then show them to readers, all at once.

        May be repeated and cut short at any point: until its one row is written, readers see the old facts whole.

        Raises:
            WarehouseBusy: another rebuild is running.
            WarehouseError: the engine refused; readers see what they saw before.
        """
        started = time.monotonic()
        with load_lock(self._engine, _LOCK, run_id) as lock:
            alive = now_and_then(renew, lock.renew)
            strings = self._fill_all(alive)
            versions = read_versions(self._engine)
            activated = {field: self.rules[field] for field in versions.outdated(self.rules)}
            if activated:
                lock.check()
                activate(self._engine, activated, flip=versions.flip + 1, run_id=run_id)
                if not self._engine.embedded:  # the embedded engine is this process's alone
                    for field, count in self._fill_all(alive).items():
                        strings[field] += count
        seconds = time.monotonic() - started
        _log.info("facts: %d strings read, activated %s in %.1f s", sum(strings.values()), activated or "-", seconds)
        return RebuildResult(activated=activated, strings=strings, seconds=seconds)

    def _fill_all(self, renew: Callable[[], None]) -> dict[str, int]:
        stored: dict[str, int] = {}
        for field in FACT_FIELDS:
            tables = [
                (f"{platform}_job_{part}", found[field.name])
                for platform, found in self._sources.items()
                if field.name in found
                for part in ("delta", "base")
            ]
            stored[field.name] = fill_stored(self._engine, field, self._normalisers[field.name], tables, renew=renew)
            renew()
        return stored

    def _store_profile(self, load: PendingLoad, profile: Profile) -> None:
        names = ("platform", "crawl_date", "load_id", "sampled", *_MEMBER)
        own = (load.platform, load.date.isoformat(), load.load_id, profile.sampled)
        rows = [(*own, *(getattr(member, name) for name in _MEMBER)) for member in profile.members]
        insert_rows(self._engine, FIELD_PROFILE, names, rows)
