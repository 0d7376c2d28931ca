"""The doctor against components that are really broken: what it says, and what it says to do."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from crawler_core.keyword import Keyword
from crawler_core.values import Token
from jobdata_resources.control import ControlStore, KeywordRow
from jobdata_resources.doctor import access, landing, machine, stores
from jobdata_resources.doctor.check import Check, Finding, Report, examine
from jobdata_resources.doctor.registry import CHECKS
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import open_warehouse

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
PASSWORD = "correct-horse-battery"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("JOBDATA_HOME", str(folder))
    return folder


def worst(findings: Iterator[Finding]) -> Finding:
    found = list(findings)
    return max(found, key=lambda one: ("ok", "warn", "fail").index(one.status))


def status(finding: Finding) -> tuple[str, str]:
    return finding.status, finding.remedy


@pytest.fixture
def closed_port() -> int:
    return free_port()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere: act as a user who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


# ---- the frame


def test_one_broken_component_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("CONTROL_DB_URL", "postgresql://u:hunter2@h/d")
    report = examine([check for check in CHECKS if check.name in ("settings", "limits", "control", "mail")])
    assert [(name, one.status) for name, one in report.findings] == [
        ("settings", "fail"),
        ("limits", "ok"),
        ("control", "fail"),
        ("mail", "warn"),
    ]
    assert not report.healthy
    assert "CONTROL_DB_URL must start with sqlite:/// or mysql+pymysql://" in report.of("settings")[0].text
    assert "hunter2" not in repr(report)


def test_platforms_are_called_only_when_asked_for() -> None:
    calls: list[str] = []

    def look() -> Iterator[Finding]:
        calls.append("called")
        yield from ()

    check = Check(name="far", look=look, online=True)
    assert examine([check]) == Report(())
    assert calls == []
    examine([check], online=True)
    assert calls == ["called"]
    assert [check.name for check in CHECKS if check.online] == ["platforms"]


# ---- the machine


def test_settings(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert worst(machine.look_at_settings()).status == "ok"
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "hunter2")
    finding = worst(machine.look_at_settings())
    assert status(finding) == ("warn", "did you mean CLICKHOUSE_PASS? See `jobdata settings`")
    assert "hunter2" not in repr(finding)
    monkeypatch.delenv("CLICKHOUSE_PASSWORD")
    Path(".env").write_text("QCWY_SIGN_KEY=hunter2\n")
    Path(".env").chmod(0o644)
    assert "chmod 600 .env" in worst(machine.look_at_settings()).remedy


def test_limits() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        finding = worst(machine.look_at_limits())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert finding.status == "fail"
    assert "`ulimit -n " in finding.remedy


def test_a_file_from_the_future_means_a_wrong_clock(home: Path) -> None:
    assert worst(machine.look_at_clock()).status == "ok"
    (home / "control.db").touch()
    os.utime(home / "control.db", (time.time() + 7200,) * 2)
    assert status(worst(machine.look_at_clock())) == ("fail", "set the clock (NTP)")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB and few inodes."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=40", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("this user may not mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBDATA_HOME", str(small_disk / "home"))
    (small_disk / "home").mkdir()
    room, inodes = machine.look_at_disk()
    assert room.status == inodes.status == "fail"
    assert "jobdata cleanup" in room.remedy
    (small_disk / "filler").write_bytes(b"x" * (1 << 20))
    assert status(worst(landing.look_at_landing_zone())) == ("fail", "free space, or move LANDING_URL")


# ---- databases


@pytest.fixture(scope="module")
def mysql() -> Iterator[Callable[[str], str]]:
    """A user with a password on the local server; the URL with another one on demand."""
    server = make_url(os.environ.get("TEST_MYSQL_URL", "mysql+pymysql://root@127.0.0.1:3306/"))
    engine = create_engine(server.set(database="mysql"), connect_args={"connect_timeout": 3})
    name = f"jobdata_doc_{uuid.uuid4().hex[:8]}"
    try:
        with engine.begin() as connection:
            connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
            connection.execute(text(f"CREATE USER '{name}'@'%' IDENTIFIED BY '{PASSWORD}'"))
            connection.execute(text(f"CREATE USER '{name}'@'localhost' IDENTIFIED BY '{PASSWORD}'"))
            for host in ("%", "localhost"):
                connection.execute(text(f"GRANT ALL ON {name}.* TO '{name}'@'{host}'"))
    except OperationalError:
        pytest.skip("no MariaDB or MySQL answers; set TEST_MYSQL_URL to test on one")
    yield lambda password: server.set(
        drivername="mysql+pymysql", username=name, password=password, database=name
    ).render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
        for host in ("%", "localhost"):
            connection.execute(text(f"DROP USER '{name}'@'{host}'"))


def test_control_store_on_a_server(
    mysql: Callable[[str], str], closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(url: str) -> Finding:
        monkeypatch.setenv("CONTROL_DB_URL", url)
        [(_, finding)] = examine([Check(name="control", look=stores.look_at_control_store)]).findings
        assert PASSWORD not in repr(finding)
        assert "hunter2" not in repr(finding)
        return finding

    assert status(look(mysql(PASSWORD))) == ("fail", "run `jobdata db migrate`")
    assert status(look(mysql("hunter2"))) == ("fail", "correct CONTROL_DB_URL")
    stopped = make_url(mysql(PASSWORD)).set(port=closed_port).render_as_string(hide_password=False)
    assert status(look(stopped)) == ("fail", "check host, port and that it runs")
    with ControlStore(mysql(PASSWORD)) as store:
        store.migrate()
    assert look(mysql(PASSWORD)).status == "ok"
    engine = create_engine(mysql(PASSWORD))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    assert status(look(mysql(PASSWORD))) == ("fail", "run `jobdata db migrate`")


def test_embedded_control_store(home: Path) -> None:
    assert status(worst(stores.look_at_control_store())) == ("warn", "run `jobdata db migrate`")
    assert list(home.iterdir()) == [], "looking creates nothing"
    (home / "control.db").write_bytes(b"this is not a database at all, but long enough to be read as one" * 40)
    [(_, finding)] = examine([Check(name="control", look=stores.look_at_control_store)]).findings
    assert (finding.status, finding.remedy) == ("fail", "give another path")


def test_embedded_warehouse(home: Path) -> None:
    assert status(worst(stores.look_at_warehouse())) == ("warn", "run `jobdata db migrate`")
    assert list(home.iterdir()) == [], "looking creates nothing"
    with open_warehouse(StoreSettings()) as warehouse:
        holder = [*stores.look_at_warehouse()]
        assert [one.status for one in holder] == ["ok"]
        assert "in use by another process" in holder[0].text
        assert f'"pid": {os.getpid()}' in holder[0].text
        warehouse.migrate()
    found = [*stores.look_at_warehouse()]
    assert [one.status for one in found] == ["ok", "ok"]
    assert "chDB" in found[0].text


def test_warehouse_server_that_is_not_there(home: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLICKHOUSE_HOST", "127.0.0.1")
    monkeypatch.setenv("CLICKHOUSE_PORT", str(closed_port))
    monkeypatch.setenv("CLICKHOUSE_PASS", "hunter2")
    [(_, finding)] = examine([Check(name="warehouse", look=stores.look_at_warehouse)]).findings
    assert finding.status == "fail"
    assert "check CLICKHOUSE_HOST, CLICKHOUSE_PORT and the server" in finding.text + finding.remedy
    assert "hunter2" not in repr(finding)


def test_dagster(home: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def look() -> Finding:
        return worst(stores.look_at_dagster())

    assert look().remedy.startswith("set it to $JOBDATA_HOME/dagster")
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    assert "make the folder" in look().remedy
    (home / "dagster").mkdir()
    assert "copy the one of this project" in look().remedy
    (home / "dagster" / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    assert "start `dagster-daemon run`" in look().remedy
    monkeypatch.setenv("DAGSTER_PG_URL", f"postgresql://u:hunter2@127.0.0.1:{closed_port}/d")
    finding = look()
    assert status(finding) == ("fail", "check host, port and that the server runs")
    assert "hunter2" not in repr(finding)
    server = make_url(os.environ.get("TEST_PG_URL", "postgresql://postgres@127.0.0.1:5432/postgres"))
    try:
        socket.create_connection((server.host or "", server.port or 5432), timeout=3).close()
    except OSError:
        pytest.skip("no PostgreSQL answers; set TEST_PG_URL to test on one")
    monkeypatch.setenv("DAGSTER_PG_URL", server.set(database="not_there").render_as_string(hide_password=False))
    assert status(look()) == ("fail", "the database does not exist; CREATE DATABASE it")


def test_folders_that_belong_to_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folder cannot be entered by others
        home = Path(folder)
        (home / "clickhouse").mkdir()
        monkeypatch.chdir(home)
        monkeypatch.setenv("JOBDATA_HOME", folder)
        monkeypatch.setenv("DAGSTER_HOME", folder)
        (home / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
        assert worst(landing.look_at_landing_zone()).status == "ok"
        assert list((home / "landing").rglob("*")) == [], "the probe is gone"
        for one in (home, home / "landing", home / "clickhouse"):
            one.chmod(0o555)
        with as_nobody():
            zone, warehouse, dagster = (
                worst(look())
                for look in (landing.look_at_landing_zone, stores.look_at_warehouse, stores.look_at_dagster)
            )
        for one in (home, home / "landing", home / "clickhouse"):
            one.chmod(0o755)
    assert status(zone) == ("fail", "give this user the right to write there, or change LANDING_URL")
    for finding in (warehouse, dagster):
        assert finding.status == "fail"
        assert finding.remedy.startswith("`chown` ")


class _OldBucket(BaseHTTPRequestHandler):
    """An endpoint whose clock is an hour behind, and that knows no bucket."""

    def _answer(self) -> None:
        self.send_response_only(404)
        self.send_header("Date", self.date_time_string(int(time.time()) - 3600))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_PUT = do_GET = do_DELETE = _answer  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


def test_a_bucket(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDING_URL", "s3://pages/raw")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("LANDING_S3_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    assert status(worst(landing.look_at_landing_zone())) == ("fail", "check the endpoint, its port and the network")
    with HTTPServer(("127.0.0.1", 0), _OldBucket) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            monkeypatch.setenv("LANDING_S3_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
            clock, probe = landing.look_at_landing_zone()
        finally:
            server.shutdown()
            thread.join()
    assert clock.status == "fail"
    assert "ahead of that of the bucket" in clock.text
    assert "NTP" in clock.remedy
    assert status(probe) == ("fail", "make the bucket, or correct LANDING_URL")
    assert "hunter2" not in repr((clock, probe))


def test_keys_and_tokens(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
        store.migrate()
        remedies = [one.remedy for one in access.look_at_access()]
        assert remedies[0] == "set QCWY_SIGN_KEY, or pause its keywords"
        assert remedies[1] == "`jobdata token import tokens.csv`"
        assert remedies[2] == "`jobdata keyword import keywords.csv` (boss, qcwy, zhilian)"
        store.add_tokens([Token(mpt=SecretStr("hunter2" * 6), wt2=SecretStr(""))])
        for platform in ("boss", "qcwy", "zhilian"):
            store.import_keywords(platform, [KeywordRow(keyword=Keyword.parse("Java"))])
    monkeypatch.setenv("QCWY_SIGN_KEY", "hunter2")
    found = [*access.look_at_access()]
    assert [one.status for one in found] == ["ok"] * 3
    assert "1 active tokens of 1" in found[1].text
    assert "hunter2" not in repr(found)


def test_platform_hosts(home: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        for name in ("BOSS", "QCWY", "ZHILIAN"):
            monkeypatch.setenv(f"{name}_BASE_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
        monkeypatch.setenv("QCWY_BASE_URL", f"http://127.0.0.1:{closed_port}")
        found = [*access.look_at_platforms()]
    assert [one.status for one in found] == ["ok", "fail", "ok"]
    assert found[1].remedy == "check the network, or QCWY_BASE_URL"
