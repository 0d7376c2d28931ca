"""Imports point down only: the contracts of pyproject.toml, and the proof that breaking one is noticed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINTER = Path(sys.executable).with_name("lint-imports")
PACKAGES = ("crawler_core", "jobdata_assets", "jobdata_cli", "jobdata_resources", "sandbox", "schedules", "sensors")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINTER), "--config", str(folder / "pyproject.toml"), "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their contracts, to be broken."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_imports_point_down_only() -> None:
    run = lint(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("crawler_core/pacer.py", "import dagster"),
        ("crawler_core/pacer.py", "from jobdata_resources import settings"),
        ("jobdata_resources/landing.py", "from jobdata_assets import names"),
        ("jobdata_assets/names.py", "from sensors import keyword_plan"),
        ("sensors/keywords.py", "from jobdata_assets import definitions"),
        ("sandbox/wire.py", "from crawler_core import keyword"),
    ],
)
def test_an_import_that_points_up_is_noticed(copy: Path, module: str, line: str) -> None:
    path = copy / module
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n\ndef _upwards() -> None:\n    {line}\n", encoding="utf-8")
    run = lint(copy)
    assert run.returncode != 0
    assert module.removesuffix(".py").replace("/", ".") in run.stdout
