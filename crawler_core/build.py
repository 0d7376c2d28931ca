"""Which crawl library this is: its version, and of one that was delivered to a node also the build."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from crawler_core import __version__

__all__ = ["BUILD_FILE", "version"]

BUILD_FILE = "BUILD"
"""A file in the package of a delivered library: a digest of its sources."""


@cache
def version() -> str:
    """``0.1.0`` from a checkout, ``0.1.0+<digest>`` from an artefact; recorded on every landed page."""
    path = Path(__file__).with_name(BUILD_FILE)
    return f"{__version__}+{path.read_text().strip()}" if path.exists() else __version__
