"""What is delivered to a node: the same bytes each time, pinned, checked before it runs, no secret in view."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from pydantic import SecretStr

import crawler_core
from crawler_core.errors import BadSetting
from crawler_core.fleet.settings import NodeSettings
from crawler_core.landing import LandingZone
from crawler_core.settings import CrawlSettings
from crawler_core.values import Token
from jobdata_resources.fleet.artefact import ROOTS, build, lock_subset, publish
from jobdata_resources.fleet.bootstrap import bootstrap, environment

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_same_sources_make_the_same_artefact(tmp_path: Path) -> None:
    one, two = build(), build()
    assert (one.data, one.sha256) == (two.data, two.sha256)
    assert one.version.startswith(f"{crawler_core.__version__}+")
    zone = LandingZone.from_url(f"file://{tmp_path}")
    assert publish(one, zone) == publish(two, zone) == f"fleet-artefact/{one.sha256}.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(one.data)) as tar:
        members = set(tar.getnames())
    assert {"crawler_core/__main__.py", "crawler_core/BUILD", "requirements.lock"} <= members
    assert not any("__pycache__" in name or name.startswith(("jobdata", "sandbox")) for name in members)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "a-1-py3-none-any.whl").write_bytes(b"wheel")
    other = build(wheels=wheels)
    assert (other.wheels, other.version) == (1, one.version)
    assert other.sha256 != one.sha256


def test_the_lock_of_a_node_is_a_part_of_ours_with_all_it_needs_and_nothing_else() -> None:
    subset = lock_subset(LOCK)
    names = {line.split("==")[0].split("[")[0] for line in subset.splitlines() if "==" in line and line[0].isalnum()}
    assert set(ROOTS) | {"yarl", "pydantic-core", "typing-extensions"} <= names
    assert not names & {"dagster", "sqlalchemy", "pandas", "chdb", "clickhouse-connect", "alibabacloud-ecs20140526"}
    assert set(subset.splitlines()) <= set(LOCK.splitlines())
    assert subset.count("--hash=sha256:") > len(names)
    with pytest.raises(BadSetting, match="no entry for not-there"):
        lock_subset(LOCK, ["not-there"])


def test_every_library_the_crawl_library_imports_is_delivered() -> None:
    imported = set()
    for path in Path(crawler_core.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    foreign = {name.replace("_", "-") for name in imported - sys.stdlib_module_names - {"crawler_core"}}
    subset = lock_subset(LOCK)
    assert all(f"\n{name}==" in f"\n{subset}" for name in foreign), foreign


def run(script: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    own = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]), "TMPDIR": str(folder)}
    return subprocess.run(
        ["/bin/sh", "-c", script], env=own | env, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_bootstrap_runs_what_was_sent_and_nothing_else(tmp_path: Path) -> None:
    zone = LandingZone.from_url(f"file://{tmp_path}/bucket")
    artefact = build()
    publish(artefact, zone)
    crawl = CrawlSettings(landing_url=zone.url, qcwy_sign_key=SecretStr("it's a key"), sleep_min_seconds=0)
    env = environment(
        crawl,
        NodeSettings(fleet_lease_seconds=5),
        instance="i-1",
        board="b1",
        artefact=artefact.sha256,
        tokens=[Token(mpt=SecretStr("mpt-secret"), wt2=SecretStr("wt2-secret"))],
        extra={"AWS_REGION": "cn-shanghai"},
    )
    assert "QCWY_SIGN_KEY='it'\"'\"'s a key'" in env
    assert "BOSS_TOKENS=mpt-secret:wt2-secret" in env
    zone.replace("env/i-1", env.encode())
    links = {"artefact": zone.link(artefact.path, 60), "env": zone.link("env/i-1", 60)}
    script = bootstrap(**links, sha256=artefact.sha256, python="python")
    assert "secret" not in script
    done = run(script, tmp_path)
    assert done.returncode == 0, done.stderr  # an empty board: nothing to do
    assert '"reason": "done"' in done.stdout
    [beat] = (tmp_path / "bucket/fleet/b1/node").iterdir()
    assert f'"version":"{artefact.version}"' in beat.read_text()
    work = next(tmp_path.glob("jobdata-node.*"))
    assert not (work / "env").exists()
    assert work.stat().st_mode & 0o077 == 0

    path = tmp_path / "bucket" / artefact.path
    path.write_bytes(path.read_bytes() + b"x")
    changed = run(script, tmp_path)
    assert (changed.returncode, changed.stdout) == (4, "")
    assert "the artefact is not" in changed.stderr


STAND_IN = """
import pathlib, sys
pathlib.Path("asked").write_text(" ".join(sys.argv[1:]))
sys.exit(0 if pathlib.Path("requirements.lock").exists() else 1)
"""


def test_without_an_interpreter_of_its_own_a_node_installs_the_pinned_wheels(tmp_path: Path) -> None:
    """The installer is a stand-in, found and run as pip is from its wheel; what it would install is here already."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "pip-25.3-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pip/__main__.py", STAND_IN)
    zone = LandingZone.from_url(f"file://{tmp_path}/bucket")
    artefact = build(wheels=wheels)
    publish(artefact, zone)
    zone.replace("env/i-1", b"FLEET_BOARD=b1\nLANDING_URL=%s\n" % zone.url.encode())
    links = {"artefact": zone.link(artefact.path, 60), "env": zone.link("env/i-1", 60)}
    done = run(bootstrap(**links, sha256=artefact.sha256, python=""), tmp_path)
    assert done.returncode == 0, done.stderr
    asked = next(tmp_path.glob("jobdata-node.*/asked")).read_text()
    assert asked.startswith("install")
    assert "--no-index --find-links wheels --require-hashes" in asked
    assert asked.endswith("--target lib -r requirements.lock")
