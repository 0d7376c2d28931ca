"""Checks of the machine: settings, versions, room on the disk, limits, clock. No component is called."""

from __future__ import annotations

import datetime as dt
import difflib
import os
import resource
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from crawler_core.settings import EnvSettings, load
from jobdata_resources import settings as settings_module
from jobdata_resources.doctor.check import Finding, fail, ok, warn
from jobdata_resources.settings import StoreSettings

__all__ = ["look_at_clock", "look_at_disk", "look_at_limits", "look_at_settings", "look_at_versions", "skew"]

_OURS = ("CLICKHOUSE_", "CONTROL_", "JOBDATA_", "LANDING_", "RETAIN_", "QCWY_", "ZHILIAN_", "BOSS_", "COMPANY_")
_MIB = 1 << 20
_FEW_BYTES, _NO_BYTES = 5 << 30, 512 << 20
_FEW_INODES, _NO_INODES = 100_000, 5_000
_FEW_FILES = 1024
_PACKAGES = ("dagster", "chdb", "clickhouse-connect", "sqlalchemy", "obstore", "pydantic")
_PYTHONS = ((3, 11), (3, 14))
_SKEW_WARN, _SKEW_FAIL = 5.0, 600.0


def classes() -> list[type[EnvSettings]]:
    """All settings classes of the project."""
    found = [getattr(settings_module, name) for name in settings_module.__all__]
    return [kind for kind in found if isinstance(kind, type) and issubclass(kind, EnvSettings)]


def look_at_settings() -> Iterator[Finding]:
    """Every settings class can be read, no variable looks like a mistyped one, and ``.env`` is private."""
    known = {name.upper() for kind in classes() for name in kind.model_fields}
    for kind in classes():
        load(kind)
    yield ok(f"{len(known)} variables, all valid")
    for name in sorted(os.environ):
        if not name.startswith(_OURS) or name in known:
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
        if near:
            yield warn(f"{name} is set, but is no setting", f"did you mean {near[0]}? See `jobdata settings`")
    env_file = Path(".env")
    if env_file.is_file() and env_file.stat().st_mode & 0o077:
        yield warn(".env can be read by other users of this machine", "`chmod 600 .env`: it holds passwords")


def look_at_versions() -> Iterator[Finding]:
    """Python and the libraries that matter."""
    version = ".".join(map(str, sys.version_info[:3]))
    if not _PYTHONS[0] <= sys.version_info[:2] < _PYTHONS[1]:
        yield fail(f"Python {version}", "use Python 3.11, 3.12 or 3.13")
    else:
        yield ok(f"Python {version}, " + ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES))
    if sys.dont_write_bytecode:
        yield warn(
            "compiled modules are not kept: every run and every tick compiles Dagster again",
            "unset PYTHONDONTWRITEBYTECODE, or run `python -m compileall` when installing",
        )


def look_at_disk() -> Iterator[Finding]:
    """Room under ``JOBDATA_HOME``, in bytes and in files."""
    home = load(StoreSettings).jobdata_home
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    usage, files = shutil.disk_usage(place), os.statvfs(place)
    text = f"{usage.free // _MIB} MiB free of {usage.total // _MIB} MiB under {home}"
    remedy = f"free space, set RETAIN_PAGES_DAYS and run `jobdata cleanup`, or move JOBDATA_HOME ({home})"
    yield _room(text, usage.free, _NO_BYTES, _FEW_BYTES, remedy)
    if files.f_files:  # some file systems have no table of inodes
        text = f"room for {files.f_favail} more files"
        yield _room(
            text, files.f_favail, _NO_INODES, _FEW_INODES, f"remove small files under {home}: `jobdata cleanup`"
        )


def _room(text: str, free: int, none: int, few: int, remedy: str) -> Finding:
    if free < none:
        return fail(text, remedy)
    return warn(text, remedy) if free < few else ok(text)


def look_at_limits() -> Iterator[Finding]:
    """Open files: the embedded engine needs many, and each open leaves some behind."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = f"{soft} open files allowed (ulimit -n)"
    remedy = f"`ulimit -n {min(hard, 65_536) if hard > 0 else 65_536}` before starting, or LimitNOFILE= of the service"
    if soft != resource.RLIM_INFINITY and soft < _FEW_FILES:
        yield fail(text, remedy)
    else:
        yield ok(text)


def look_at_clock() -> Iterator[Finding]:
    """The clock, as far as it can be judged without asking anybody."""
    now = dt.datetime.now().astimezone()
    text = f"{now.isoformat(timespec='seconds')} ({now.tzname()}); days are those of Asia/Shanghai"
    newest = _newest_file()
    if newest is not None and newest - now.timestamp() > _SKEW_FAIL:
        ahead = dt.timedelta(seconds=round(newest - now.timestamp()))
        yield fail(f"{text}; a file of JOBDATA_HOME was written {ahead} in the future", "set the clock (NTP)")
    else:
        yield ok(text)


def _newest_file() -> float | None:
    home = load(StoreSettings).jobdata_home
    times = [path.stat().st_mtime for path in home.glob("*")] if home.is_dir() else []
    return max(times, default=None)


def skew(seconds: float, whose: str) -> Iterator[Finding]:
    """A finding where our clock and that of another machine differ; ``seconds`` is theirs less ours."""
    text = f"this clock is {abs(seconds):.0f} s {'behind' if seconds > 0 else 'ahead of'} that of {whose}"
    remedy = "synchronise both clocks (NTP): leases and signatures are compared with them"
    if abs(seconds) > _SKEW_FAIL:
        yield fail(text, remedy)
    elif abs(seconds) > _SKEW_WARN:
        yield warn(text, remedy)
