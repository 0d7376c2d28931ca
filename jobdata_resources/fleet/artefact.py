"""What a node runs, as one file: the crawl library of this checkout, its pinned dependencies, and their wheels.

    node.tar.gz
    ├── crawler_core/         with BUILD, a digest of the sources: recorded on every page
    ├── requirements.lock     the part of this project's lock that crawler_core needs, with hashes
    └── wheels/               those packages and pip, when they were fetched (``jobdata fleet wheels``)

The same sources make the same bytes, so the same name: it is stored under its sha256 and stored once.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import io
import re
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import crawler_core
from crawler_core.build import BUILD_FILE
from crawler_core.errors import BadSetting
from crawler_core.landing import LandingZone

__all__ = ["ROOTS", "Artefact", "build", "lock_subset", "node_lock", "publish"]

ROOTS = ("aiohttp", "msgspec", "obstore", "orjson", "pydantic", "pydantic-settings", "rich", "typer", "zstandard")
"""Distributions that crawler_core imports itself; a test holds them against its imports."""

_FOLDER = "fleet-artefact"
_BUILD_DIGITS = 12
_NAME = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*?)(?:\[[^\]]*\])?==", re.MULTILINE)
_REQUIREMENT = re.compile(r"^[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==")


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A built artefact: its bytes, their sha256, and the version its pages will carry."""

    data: bytes
    sha256: str
    version: str
    wheels: int

    @property
    def path(self) -> str:
        """Where it is stored, relative to the root of the landing zone."""
        return f"{_FOLDER}/{self.sha256}.tar.gz"


def build(*, wheels: Path | None = None, lock: Path | None = None) -> Artefact:
    """Put the artefact together.

    Args:
        wheels: folder of wheels to put in; without, the node's interpreter must have the libraries.
        lock: this project's lock file; default the one beside the packages.

    Raises:
        BadSetting: the lock file is not there, or lacks a package the library needs.
    """
    package = Path(crawler_core.__file__).parent
    sources = {
        f"crawler_core/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.name != BUILD_FILE
    }
    digest = hashlib.sha256()
    for name, data in sources.items():
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    mark = digest.hexdigest()[:_BUILD_DIGITS]
    found = sorted(wheels.glob("*.whl")) if wheels is not None and wheels.is_dir() else []
    members = sources | {
        f"crawler_core/{BUILD_FILE}": f"{mark}\n".encode(),
        "requirements.lock": node_lock(lock).encode(),
        **{f"wheels/{path.name}": path.read_bytes() for path in found},
    }
    data = _packed(members)
    return Artefact(
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        version=f"{crawler_core.__version__}+{mark}",
        wheels=len(found),
    )


def publish(artefact: Artefact, zone: LandingZone) -> str:
    """Store it where nodes fetch it; the path. Stored already is fine: the name says what is in it."""
    zone.create(artefact.path, artefact.data)
    return artefact.path


def node_lock(lock: Path | None = None) -> str:
    """The lock of the node: ``lock_subset`` of this project's lock file, by default the one beside the packages.

    Raises:
        BadSetting: the file is not there.
    """
    lock = lock or Path(crawler_core.__file__).parents[1] / "requirements.lock"
    if not lock.exists():
        raise BadSetting(f"{lock} is not there; run from a checkout, or copy the lock file beside the packages")
    return lock_subset(lock.read_text(encoding="utf-8"))


def lock_subset(lock: str, roots: Iterable[str] = ROOTS) -> str:
    """The entries of a lock file that some packages need, themselves included, in the lock's order and words.

    What a package needs is read from the distributions installed here, which come from the same lock. Needs under a
    marker are kept whatever the marker says: the lock's own markers decide on the node.

    Raises:
        BadSetting: the lock has no entry for one of the roots.
    """
    entries = _entries(lock)
    wanted: set[str] = set()
    todo = [_canonical(name) for name in roots]
    absent = [name for name in todo if name not in entries]
    if absent:
        raise BadSetting(f"the lock file has no entry for {', '.join(absent)}; renew it with `make lock`")
    while todo:
        name = todo.pop()
        if name in wanted or name not in entries:
            continue
        wanted.add(name)
        todo += _needs(name)
    return "".join(text for name, text in entries.items() if name in wanted)


def _entries(lock: str) -> Mapping[str, str]:
    starts = [(match.start(), _canonical(match[1])) for match in _NAME.finditer(lock)]
    ends = [start for start, _ in starts[1:]] + [len(lock)]
    return {name: lock[start:end].rstrip("\n") + "\n" for (start, name), end in zip(starts, ends, strict=True)}


def _needs(name: str) -> list[str]:
    try:
        requires = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []  # for another platform
    found = (_REQUIREMENT.match(text) for text in requires if not _EXTRA.search(text))
    return [_canonical(match[0]) for match in found if match]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _packed(members: Mapping[str, bytes]) -> bytes:
    """A tar.gz whose bytes depend on nothing but its members."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in sorted(members.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return gzip.compress(raw.getvalue(), mtime=0)
