from __future__ import annotations

import datetime as dt
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler_core.errors import BadSetting, CorruptSegment, LandingConflict
from crawler_core.keyword import Keyword
from crawler_core.landing import (
    Envelope,
    KeywordLanding,
    LandingZone,
    OpenSegment,
    RequestRecord,
    decode_line,
    encode_line,
    land_pages,
    read_segment,
    text_body,
    verify,
)

DAY = dt.date(2026, 11, 21)
WORD = Keyword.parse("C# 数据/仓库")


def envelope(page: int, outcome: str = "ok", body: str = '{"items":[]}') -> Envelope:
    return Envelope(
        platform="boss",
        kind="search",
        keyword=WORD.text,
        city="101",
        page=page,
        attempt=1,
        date=DAY.isoformat(),
        fetched_at="2026-11-21T09:00:00.000+08:00",
        outcome=outcome,
        status=200,
        latency_ms=1.5,
        egress="127.0.1.1",
        identity="127.0.1.1#abcd1234",
        node="local",
        crawler_version="0",
        request=RequestRecord("GET", "/search", {"page": page}),
        detail="",
        body=body,
    )


@pytest.fixture
def zone(tmp_path: Path) -> LandingZone:
    return LandingZone.from_url(f"file://{tmp_path}/landing")


def segment(*envelopes: Envelope) -> OpenSegment:
    opened = OpenSegment()
    for item in envelopes:
        opened.add(item, records=2)
    return opened


def test_landed_pages_come_back_byte_for_byte(zone: LandingZone) -> None:
    pages = [envelope(n, body='{"标题":"数据"}\n\u2028x') for n in (1, 2, 3)]
    manifest = land_pages(zone, "boss", DAY, WORD, "101", [(page, 2) for page in pages], segment_pages=2)
    refs = zone.segments("boss", DAY)
    assert [ref.path.rsplit("/", 1)[1] for ref in refs] == ["101-00001.jsonl.zst", "101-00002.jsonl.zst"]
    assert [item for ref in refs for item in read_segment(zone.read(ref))] == pages
    assert (manifest.pages, manifest.records, manifest.cities["101"].next_page) == (3, 6, 4)
    assert zone.manifest("boss", DAY, WORD) == manifest
    assert zone.dates("boss") == [DAY]
    assert list(verify(zone)) == []


@given(st.binary(max_size=200))
def test_any_body_survives_the_line_format(body: bytes) -> None:
    text, encoding = text_body(body)
    item = envelope(1)
    copy = decode_line(encode_line(Envelope(**{**{f: getattr(item, f) for f in item.__struct_fields__},
                                               "body": text, "body_encoding": encoding})))  # fmt: skip
    assert copy.body_bytes() == body


def test_an_echoed_secret_is_starred_in_text_and_in_binary_bodies() -> None:
    assert text_body("令牌 planted-secret 无效".encode(), ["planted-secret"]) == ("令牌 *** 无效", "")
    text, encoding = text_body(b"\xff planted-secret", ["planted-secret"])
    assert encoding == "base64"
    assert b"planted-secret" not in envelope(1, body=text).body_bytes()


def test_blocked_pages_are_landed_but_do_not_advance(zone: LandingZone) -> None:
    landing = KeywordLanding(zone, "boss", DAY, WORD)
    entry = landing.commit("101", segment(envelope(1), envelope(2, "banned"), envelope(2)))
    assert (entry.lines, entry.pages, entry.first_page, entry.last_page) == (3, 2, 1, 2)
    assert entry.outcomes == {"ok": 2, "banned": 1}
    assert landing.city("101").next_page == 3


def test_a_second_writer_is_found_out_before_it_touches_the_manifest(zone: LandingZone) -> None:
    first, second = (KeywordLanding(zone, "boss", DAY, WORD) for _ in range(2))
    first.commit("101", segment(envelope(1)))
    with pytest.raises(LandingConflict, match="another crawl"):
        second.commit("101", segment(envelope(1)))
    assert zone.manifest("boss", DAY, WORD) == first.manifest


def test_a_segment_without_manifest_is_adopted_and_a_broken_one_is_removed(zone: LandingZone) -> None:
    landing = KeywordLanding(zone, "boss", DAY, WORD)
    landing.commit("101", segment(envelope(1)))
    data, _ = segment(envelope(2), envelope(3)).seal("x")
    zone.put_segment(f"{landing.folder}/101-00002.jsonl.zst", data)
    zone.put_segment(f"{landing.folder}/101-00003.jsonl.zst", b"not zstandard")
    assert [problem.kind for problem in verify(zone)] == ["unnamed", "unnamed"]
    again = KeywordLanding(zone, "boss", DAY, WORD)
    assert [entry.pages for entry in again.adopt("101", lambda _: 2)] == [2]
    assert again.city("101").next_page == 4
    assert list(verify(zone)) == []
    for ref in zone.segments("boss", DAY):
        zone.read(ref)


def test_damage_is_named(zone: LandingZone, tmp_path: Path) -> None:
    land_pages(zone, "boss", DAY, WORD, "101", [(envelope(1), 2)])
    [ref] = zone.segments("boss", DAY)
    file = tmp_path / "landing" / ref.path
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(CorruptSegment, match="sha256"):
        zone.read(ref)
    with pytest.raises(CorruptSegment, match="sha256"):
        zone.take(ref, tmp_path / "taken")
    assert [problem.kind for problem in verify(zone)] == ["corrupt"]
    file.unlink()
    with pytest.raises(CorruptSegment, match="missing"):
        zone.read(ref)
    with pytest.raises(CorruptSegment, match="missing"):
        zone.take(ref, tmp_path / "taken too")
    manifest = file.parent / "manifest.json"
    manifest.write_text("{")
    assert [problem.kind for problem in verify(zone)] == ["bad_manifest"]


@pytest.mark.parametrize("place", ["same file system", "a symbolic link", "no links"])
def test_a_segment_is_taken_to_a_local_path(
    zone: LandingZone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    land_pages(zone, "boss", DAY, WORD, "101", [(envelope(1), 2)])
    [ref] = zone.segments("boss", DAY)
    file = tmp_path / "landing" / ref.path
    if place == "a symbolic link":
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(os.path.relpath(tmp_path / "elsewhere", file.parent))
    if place == "no links":

        def refuse(*_: object) -> None:
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "taken"
    zone.take(ref, target)
    assert target.read_bytes() == zone.read(ref)
    assert (target.stat().st_ino == file.stat().st_ino) == (place != "no links")
    target.unlink()
    assert zone.read(ref)


def test_a_page_landed_twice_or_not_at_all_is_found(zone: LandingZone) -> None:
    land_pages(zone, "boss", DAY, WORD, "101", [(envelope(n), 2) for n in (1, 2, 2, 4)])
    assert {problem.kind for problem in verify(zone)} == {"duplicate_page", "missing_page"}


def test_urls_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for url in ("http://x/y", "s3://", f"file://{tmp_path}/file/inside"):
        with pytest.raises(BadSetting, match="LANDING_URL"):
            LandingZone.from_url(url)


FULL = """
import resource, signal, sys, datetime as dt
from crawler_core.errors import LandingFull
from crawler_core.landing import LandingZone
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
zone = LandingZone.from_url(sys.argv[1])
try:
    zone.put_segment("raw/x/101-00001.jsonl.zst", b"x" * 5000)
except LandingFull as error:
    print(error)
print(sorted(zone.names("raw/x")))
"""


def test_a_full_disk_gives_one_clear_error_and_leaves_no_half_file(tmp_path: Path) -> None:
    """The file-size limit of a process stands in for a full disk: the write fails in the kernel the same way."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, f"file://{tmp_path}/landing"], capture_output=True, text=True, check=True
    )
    message, names = done.stdout.splitlines()
    assert "free space" in message
    assert names == "[]"


def test_the_same_interface_over_s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    boto3 = pytest.importorskip("boto3")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="jobs")
        zone = LandingZone.from_url("s3://jobs/prefix", s3_endpoint=endpoint)
        manifest = land_pages(zone, "boss", DAY, WORD, "101", [(envelope(n), 2) for n in (1, 2)], segment_pages=1)
        assert zone.manifest("boss", DAY, WORD) == manifest
        assert [len(list(read_segment(zone.read(ref)))) for ref in zone.segments("boss", DAY)] == [1, 1]
        zone.take(zone.segments("boss", DAY)[0], tmp_path / "taken")
        assert (tmp_path / "taken").read_bytes() == zone.read(zone.segments("boss", DAY)[0])
        with pytest.raises(LandingConflict):
            zone.put_segment(zone.segments("boss", DAY)[0].path, b"again")
        assert list(verify(zone)) == []
        assert zone.local_root is None
    finally:
        server.stop()
