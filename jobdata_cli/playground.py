"""A working home on the sandbox: what ``jobdata demo`` and ``jobdata dev`` stand on.

Starts the sandbox as a child, points this process's settings at it, and prepares control store, warehouse, Dagster
instance, keywords and tokens under ``JOBDATA_HOME``. Everything is idempotent: a second start finds its data again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from pydantic import SecretStr

from crawler_core.settings import load
from crawler_core.values import Token
from jobdata_resources.control import ControlStore
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import open_warehouse
from sandbox.process import SandboxProcess

__all__ = ["ROOT", "Playground", "playground"]

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: ``workspace.yaml`` and ``dagster.yaml`` are there."""

_PACE = {
    # The sandbox is on this machine and its bans last a minute: rests are scaled down like its delays.
    "COOL_DOWN_SECONDS": "0.5",
    "BAN_SECONDS": "60",
    "RETRY_SECONDS": "0.2",
    "SEGMENT_PAGES": "4",
}

_FOREIGN = ("CLICKHOUSE_HOST", "CONTROL_DB_URL", "LANDING_URL", "DAGSTER_PG_URL")
"""With one of these set the playground would write sandbox data into somebody's real stores."""


@dataclass(frozen=True, slots=True)
class Playground:
    """A running sandbox and the home that is set up on it."""

    sandbox: SandboxProcess
    home: Path
    dagster_home: Path


@contextmanager
def playground(*, max_seconds: int, port_base: int = 0) -> Iterator[Playground]:
    """Prepare everything; the sandbox ends with the block, or by itself after ``max_seconds``.

    Raises:
        ValueError: a production store is configured.
    """
    for name in _FOREIGN:
        if os.environ.get(name):
            raise ValueError(f"{name} is set: sandbox data does not belong there; unset it for the demo")
    home = load(StoreSettings).jobdata_home
    dagster_home = home / "dagster"
    dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "dagster.yaml", dagster_home / "dagster.yaml")
    arguments = ("--max-seconds", str(max_seconds), "--port-base", str(port_base))
    with SandboxProcess(*arguments, home=home / "sandbox") as sandbox:
        os.environ.update(sandbox.env | _PACE)
        os.environ.update(JOBDATA_HOME=str(home), DAGSTER_HOME=str(dagster_home), DAGSTER_DISABLE_TELEMETRY="yes")
        _fill_stores(sandbox)
        yield Playground(sandbox, home, dagster_home)


def _fill_stores(sandbox: SandboxProcess) -> None:
    settings = load(StoreSettings)
    with ControlStore(settings.control_db_url) as store:
        store.migrate()
        with as_file(files("jobdata_cli") / "demo_keywords.csv") as path:
            store.import_keyword_file(path)
        given = [Token(mpt=SecretStr(token["mpt"]), wt2=SecretStr(token["wt2"])) for token in sandbox.tokens()]
        ours = {token.fingerprint for token in given}
        # Tokens of another sandbox are worth nothing to this one; its own are good again, whatever became of them.
        for token in store.tokens():
            if token.active and token.fingerprint not in ours:
                store.disable_token(token.fingerprint, "an earlier sandbox's")
        store.add_tokens(given)
        for fingerprint in ours:
            store.enable_token(fingerprint)
    with open_warehouse(settings, comment={"asset": "playground"}) as warehouse:
        warehouse.migrate()
