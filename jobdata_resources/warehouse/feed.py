"""Brings the bytes of committed segments in front of the engine, in bounded batches.

Every segment comes through ``LandingZone.take`` or ``read``, which check its hash: what is loaded is exactly what the
manifest names. Embedded, the still compressed segments are linked or copied under plain numbers (keywords make folder
names such as ``a%7Bb%2Cc%7D``, and the engine reads ``{ , * ?`` in paths as patterns) and the engine reads the files
itself, several at a time. A server gets them pushed in one INSERT per batch. While the engine takes one batch, the next
one is read and checked.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import orjson
import zstandard

from crawler_core.errors import CorruptSegment
from crawler_core.landing import LandingZone, SegmentRef
from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.pipes import LANDING_COLUMNS, LANDING_STRUCTURE

__all__ = ["BATCH_BYTES", "LoadStamp", "batches", "feed"]

T = TypeVar("T")

BATCH_BYTES = 32 << 20
"""Compressed bytes per INSERT; pages compress about five to one."""

BATCH_SEGMENTS = 400
"""Segments per INSERT: their paths are part of the statement, which may have 262,144 bytes."""

_INSERT: dict[str, object] = {
    # Duplicates within a block may stay: the views aggregate by key and merges remove them; doing it now is slower.
    "optimize_on_insert": 0,
    # The three views behind a block (pages, jobs, sightings) work at the same time: 1.3 times as fast on two cores.
    "parallel_view_processing": 1,
    "max_threads": 2,
    # Two take the same time: the views of one block keep two cores busy.
    "max_insert_threads": 1,
    "max_parsing_threads": 2,
    # A page of 30 postings has 45 KB: the rows of a block are bounded by its bytes. With 32 MB of pages in a block a
    # load takes 130 MB more and no less time.
    "max_block_size": 512,
    "min_insert_block_size_rows": 0,
    "min_insert_block_size_bytes": 16 << 20,
    "min_insert_block_size_rows_for_materialized_views": 0,
    "min_insert_block_size_bytes_for_materialized_views": 32 << 20,
    "input_format_allow_errors_num": 0,
    "use_hive_partitioning": 0,
    # A resent block must not be dropped by deduplication in one view and kept in another.
    "insert_deduplicate": 0,
}


@dataclass(frozen=True, slots=True)
class LoadStamp:
    """What every row of a load is marked with."""

    load_id: int
    run_id: str

    @property
    def run(self) -> str:
        """Sorts by load, so that the smallest is the first load that brought a row."""
        return f"{self.load_id:020d}/{self.run_id}"


def batches(refs: Iterable[SegmentRef]) -> Iterator[list[SegmentRef]]:
    """Segments in groups of at most ``BATCH_BYTES`` and ``BATCH_SEGMENTS``; at least one each."""
    batch: list[SegmentRef] = []
    size = 0
    for ref in refs:
        if batch and (size + ref.size_bytes > BATCH_BYTES or len(batch) >= BATCH_SEGMENTS):
            yield batch
            batch, size = [], 0
        batch.append(ref)
        size += ref.size_bytes
    if batch:
        yield batch


def feed(
    engine: Engine,
    platform: str,
    landing: LandingZone,
    refs: Iterable[SegmentRef],
    stamp: LoadStamp,
    *,
    alive: Callable[[], None],
) -> None:
    """Insert segments into ``<platform>_landing``, batch by batch; ``alive`` is called after each.

    Raises:
        CorruptSegment: a segment is missing or not the bytes its manifest names.
        WarehouseError: the engine refused a batch.
    """
    if engine.embedded:
        with (
            engine.scratch() as folder,
            closing(_one_ahead(lambda some: (some, _spool(landing, folder, some)), batches(refs))) as spools,
        ):
            for batch, spooled in spools:
                _insert_files(engine, platform, spooled, batch, stamp)
                shutil.rmtree(spooled)
                alive()
    else:
        with closing(_one_ahead(lambda some: (some, _body(landing, some, stamp)), batches(refs))) as bodies:
            for batch, body in bodies:
                _push(engine, platform, body, batch)
                alive()


def _one_ahead(make: Callable[[list[SegmentRef]], T], batches: Iterable[list[SegmentRef]]) -> Generator[T, None, None]:
    """What ``make`` gives for each batch, in order; the next one is made while the caller uses this one.

    To be closed: a batch that is being made when the caller fails is waited for.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="feed") as thread:
        coming: Future[T] | None = None
        for batch in batches:
            following = thread.submit(make, batch)
            if coming is not None:
                yield coming.result()
            coming = following
        if coming is not None:
            yield coming.result()


def _spool(landing: LandingZone, folder: Path, refs: Sequence[SegmentRef]) -> Path:
    spooled = Path(tempfile.mkdtemp(dir=folder))
    for number, ref in enumerate(refs):
        landing.take(ref, spooled / f"{number:06d}.jsonl.zst")
    return spooled


def _insert_files(engine: Engine, platform: str, folder: Path, refs: Sequence[SegmentRef], stamp: LoadStamp) -> None:
    names = sqltext.columns(LANDING_COLUMNS)
    source = f"file({sqltext.literal(f'{folder}/*.jsonl.zst')}, JSONEachRow, {sqltext.literal(LANDING_STRUCTURE)})"
    paths = f"[{sqltext.literals(ref.path for ref in refs)}]"
    engine.command(
        f"INSERT INTO {sqltext.name(f'{platform}_landing')} ({names}, segment, load_id, run)"
        f" SELECT {names}, arrayElement({paths}, toUInt32(substring(_file, 1, 6)) + 1) AS segment,"
        f" {stamp.load_id} AS load_id, {sqltext.literal(stamp.run)} AS run FROM {source}",
        settings=_INSERT,
        doing=f"load {refs[0].path} and {len(refs) - 1} more segments",
    )


def _body(landing: LandingZone, refs: Sequence[SegmentRef], stamp: LoadStamp) -> bytes:
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    chunks: list[bytes] = []
    for ref in refs:
        # The stamp is put in front of every line's members; the lines themselves stay as they are.
        mark = orjson.dumps({"segment": ref.path, "load_id": stamp.load_id, "run": stamp.run})[:-1] + b","
        try:
            text = zstandard.ZstdDecompressor().decompressobj().decompress(landing.read(ref))
        except zstandard.ZstdError as error:
            raise CorruptSegment(f"{ref.path} cannot be decompressed: {error}; restore it from a copy") from error
        marked = b"".join(
            itertools.chain.from_iterable(
                (mark, line[1:], b"\n") for line in text.split(b"\n") if line.startswith(b"{")
            )
        )
        chunks.append(compressor.compress(marked))
    chunks.append(compressor.flush())
    return b"".join(chunks)


def _push(engine: Engine, platform: str, body: bytes, refs: Sequence[SegmentRef]) -> None:
    engine.attempt(
        lambda: engine.client.raw_insert(
            f"{platform}_landing",
            insert_block=body,
            fmt="JSONEachRow",
            compression="zstd",
            settings=dict(_INSERT),
        ),
        f"load {refs[0].path} and {len(refs) - 1} more segments",
    )
