"""The landing zone: one interface over a local folder and an S3-compatible bucket, with atomic writes.

``obstore`` writes a local file beside its name and renames it, and puts an object in one request, so a reader never
sees half of one (only the full size was ever seen; fsspec's local files were seen half written). Locally the
file and its folder are synced as well, so a checkpoint survives a power cut.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, S3Store

from crawler_core.errors import BadSetting, CorruptSegment, LandingConflict, LandingError, LandingFull
from crawler_core.keyword import Keyword
from crawler_core.landing.manifest import Manifest, SegmentRef

if TYPE_CHECKING:
    from obstore.store import S3Config

__all__ = ["COMPANY", "MANIFEST", "RAW", "SEGMENT_SUFFIX", "LandingZone", "Tree"]

MANIFEST = "manifest.json"
SEGMENT_SUFFIX = ".jsonl.zst"

_NO_SPACE = (
    "os error 28",
    "os error 122",
    "os error 27",
    "os error 30",
    "os error 13",
    "QuotaExceeded",
    "AccessDenied",
)
"""ENOSPC, EDQUOT, EFBIG, EROFS, EACCES, and what object stores answer."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of the zone: ``<root>/platform=…/date=…/<leaf>=…``."""

    root: str
    leaf: str


RAW = Tree("raw", "keyword")
"""Searches: one folder per keyword and day."""

COMPANY = Tree("company", "batch")
"""Company details: one folder per batch and day; where a method asks for a keyword, it is the batch id."""


class LandingZone:
    """Reads and writes segments and manifests of one tree, ``raw/platform=…/date=…/keyword=…`` unless said otherwise.

    ``companies`` is the same zone with the tree of company details.
    """

    def __init__(self, store: LocalStore | S3Store, url: str, local_root: Path | None, tree: Tree = RAW) -> None:
        self._store = store
        self.url = url
        self.local_root = local_root
        self.tree = tree

    @property
    def companies(self) -> LandingZone:
        """This zone's ``company/platform=…/date=…/batch=…``, beside the tree of searches."""
        return LandingZone(self._store, self.url, self.local_root, COMPANY)

    @classmethod
    def from_url(cls, url: str, *, s3_endpoint: str = "", credentials: Callable[[], Any] | None = None) -> LandingZone:
        """Open ``file:///absolute/folder`` (made when missing) or ``s3://bucket/prefix``.

        S3 credentials and region come from the usual ``AWS_*`` variables, or the former from ``credentials``, which
        is asked again when they run out. ``s3_endpoint`` is needed for other
        services than AWS; a bucket host (``https://bucket.oss-…``) is recognised by its first label.

        Raises:
            BadSetting: another scheme, or a folder that cannot be made.
        """
        parts = urlsplit(url)
        if parts.scheme == "file":
            root = Path(unquote(parts.path)).absolute()
            try:
                root.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BadSetting(f"LANDING_URL={url!r}: {error.strerror}; give a folder that can be written") from error
            return cls(LocalStore(root), url, root)
        if parts.scheme == "s3" and parts.netloc:
            host = urlsplit(s3_endpoint).netloc if s3_endpoint else ""
            config: S3Config = {}
            if s3_endpoint:
                config["endpoint"] = s3_endpoint
                config["virtual_hosted_style_request"] = host.startswith(f"{parts.netloc}.")
            store = S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                config=config,
                client_options={"allow_http": s3_endpoint.startswith("http://")},
                credential_provider=credentials,
            )
            return cls(store, url, None)
        raise BadSetting(f"LANDING_URL={url!r}: use file:///absolute/folder or s3://bucket/prefix")

    # ---- names

    def folder(self, platform: str, date: dt.date | str, keyword: Keyword) -> str:
        """The folder of a keyword and day, relative to the root."""
        return f"{self.tree.root}/platform={platform}/date={date}/{self.tree.leaf}={keyword.path}"

    # ---- writing

    def put_segment(self, path: str, data: bytes) -> None:
        """Store a segment under a name that is still free, durably.

        Raises:
            LandingConflict: the name is taken: another crawl is landing this keyword.
            LandingFull: no space left or no right to write.
        """
        self._put(path, data, "create")

    def put_manifest(self, manifest: Manifest) -> None:
        """Replace the manifest of a keyword and day, atomically and durably.

        Raises:
            LandingFull: no space left or no right to write.
        """
        path = f"{self.folder(manifest.platform, manifest.date, Keyword.parse(manifest.keyword))}/{MANIFEST}"
        self._put(path, manifest.encode(), "overwrite")

    def create(self, path: str, data: bytes) -> bool:
        """Write an object that is neither segment nor manifest under a name that is still free, durably.

        Returns:
            False when the name is taken.

        Raises:
            LandingFull: no space left or no right to write.
        """
        try:
            self._put(path, data, "create")
        except LandingConflict:
            return False
        return True

    def replace(self, path: str, data: bytes) -> None:
        """Write an object that is neither segment nor manifest, atomically and durably.

        Raises:
            LandingFull: no space left or no right to write.
        """
        self._put(path, data, "overwrite")

    def delete(self, path: str) -> None:
        """Remove one object; missing is fine."""
        obstore.delete(self._store, path)

    def _put(self, path: str, data: bytes, mode: Literal["create", "overwrite"]) -> None:
        try:
            obstore.put(self._store, path, data, mode=mode)
            if self.local_root is not None:
                _sync(self.local_root / path)
        except AlreadyExistsError:
            raise LandingConflict(
                f"{path} is there already: another crawl is landing this {self.tree.leaf};"
                " let it finish, then run again"
            ) from None
        except (BaseError, OSError) as error:
            reason = str(error).split("\n", 1)[0]
            if any(mark in str(error) for mark in _NO_SPACE):
                raise LandingFull(
                    f"cannot write {path} under {self.url}: {reason}; free space or fix the rights, then run again:"
                    " what was landed before is intact"
                ) from error
            raise LandingError(f"cannot write {path} under {self.url}: {reason}") from error

    # ---- reading

    def manifest(self, platform: str, date: dt.date, keyword: Keyword) -> Manifest | None:
        """The manifest of a keyword and day, None when nothing is landed."""
        return self._manifest_at(f"{self.folder(platform, date, keyword)}/{MANIFEST}")

    def manifests(self, platform: str, date: dt.date) -> list[Manifest]:
        """All manifests of a platform and day, ordered by folder."""
        found = (self._manifest_at(f"{folder}/{MANIFEST}") for folder in self.keyword_folders(platform, date))
        return [manifest for manifest in found if manifest is not None]

    def dates(self, platform: str) -> list[dt.date]:
        """Days that have landed folders, ascending."""
        folders = self._folders(f"{self.tree.root}/platform={platform}")
        return sorted(dt.date.fromisoformat(folder.rsplit("date=", 1)[1]) for folder in folders if "date=" in folder)

    def platforms(self) -> list[str]:
        """Platforms that have landed folders."""
        folders = self._folders(self.tree.root)
        return sorted(folder.rsplit("platform=", 1)[1] for folder in folders if "platform=" in folder)

    def keyword_folders(self, platform: str, date: dt.date) -> list[str]:
        """The folders of a day, relative to the root, ordered; one per keyword."""
        return self._folders(f"{self.tree.root}/platform={platform}/date={date}")

    def segments(self, platform: str, date: dt.date) -> list[SegmentRef]:
        """The committed segments of a day: those a manifest names, ordered by path."""
        return [ref for manifest in self.manifests(platform, date) for ref in self.refs(manifest)]

    def refs(self, manifest: Manifest) -> list[SegmentRef]:
        """The segments of one manifest as references that can be read."""
        folder = self.folder(manifest.platform, manifest.date, Keyword.parse(manifest.keyword))
        return [
            SegmentRef(
                platform=manifest.platform,
                date=dt.date.fromisoformat(manifest.date),
                keyword=manifest.keyword,
                city=city.city,
                path=f"{folder}/{entry.name}",
                sha256=entry.sha256,
                size_bytes=entry.size_bytes,
                lines=entry.lines,
                pages=entry.pages,
            )
            for city in manifest.cities.values()
            for entry in city.segments
        ]

    def read(self, ref: SegmentRef) -> bytes:
        """The stored, compressed bytes of a segment.

        Raises:
            CorruptSegment: missing, or not the bytes the manifest names.
        """
        data = self.get(ref.path)
        if data is None:
            raise CorruptSegment(f"{ref.path} is named by its manifest but missing; restore it from a copy")
        _check(ref, hashlib.sha256(data).hexdigest())
        return data

    def take(self, ref: SegmentRef, target: Path) -> None:
        """Put a segment's stored, compressed bytes at a local path that is still free; the bytes there are checked.

        A folder on the same file system gives a hard link: segments never change, and copying the day again would
        cost a load more than checking it. The target may be removed at will, and must not be written to.

        Raises:
            CorruptSegment: missing, or not the bytes the manifest names.
            OSError: the target cannot be written.
        """
        if not self._linked(ref, target):
            target.write_bytes(self.read(ref))
            return
        with target.open("rb") as file:
            _check(ref, hashlib.file_digest(file, "sha256").hexdigest())

    def _linked(self, ref: SegmentRef, target: Path) -> bool:
        if self.local_root is None:
            return False
        try:
            os.link((self.local_root / ref.path).resolve(strict=True), target)
        except OSError:  # missing, another file system, one without links, or no right: reading says what is wrong
            return False
        return True

    def get(self, path: str) -> bytes | None:
        """The bytes of an object, None when it is missing."""
        try:
            return bytes(obstore.get(self._store, path).bytes())
        except FileNotFoundError:
            return None

    def names(self, folder: str) -> dict[str, int]:
        """File names of a folder with their sizes in bytes."""
        result = obstore.list_with_delimiter(self._store, folder)
        return {str(item["path"]).rsplit("/", 1)[1]: int(item["size"]) for item in result["objects"]}

    def paths(self, prefix: str) -> list[str]:
        """Paths of all objects under a folder and the folders in it, relative to the root, ordered.

        Raises:
            LandingError: the store does not answer.
        """
        try:
            return sorted(str(item["path"]) for batch in obstore.list(self._store, prefix) for item in batch)
        except BaseError as error:
            raise LandingError(f"cannot list {prefix} under {self.url}: {str(error).splitlines()[0]}") from error

    def link(self, path: str, seconds: int) -> str:
        """A URL that reads one object without credentials for a time: pre-signed, or the file itself locally."""
        if isinstance(self._store, LocalStore):
            return (Path(self.local_root or "/") / path).as_uri()
        return str(obstore.sign(self._store, "GET", path, dt.timedelta(seconds=seconds)))

    def folders(self, prefix: str) -> list[str]:
        """The folders directly in a folder, relative to the root, ordered."""
        return self._folders(prefix)

    def _folders(self, prefix: str) -> list[str]:
        return sorted(str(path) for path in obstore.list_with_delimiter(self._store, prefix)["common_prefixes"])

    def _manifest_at(self, path: str) -> Manifest | None:
        data = self.get(path)
        return None if data is None else Manifest.decode(data, path)


def _check(ref: SegmentRef, digest: str) -> None:
    if digest != ref.sha256:
        raise CorruptSegment(
            f"{ref.path} has sha256 {digest[:12]}…, its manifest says {ref.sha256[:12]}…;"
            " restore it from a copy, or remove the keyword's folder and crawl it again"
        )


def _sync(path: Path) -> None:
    """Flush a file and its folder to the disk: a rename is durable when its folder is."""
    for name in (path, path.parent):
        handle = os.open(name, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
