"""``dagster dev`` as a user starts it, in a home of its own, asked through GraphQL: for benchmarks and slow tests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

__all__ = ["ROOT", "DagsterDev"]

ROOT = Path(__file__).resolve().parents[1]

LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } } } }"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
BACKFILL = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL_STATUS = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status runs(limit: 100) { tags { key value } status } } } }"""
RUNS = """query($job: String!) { runsOrError(filter: {pipelineName: $job}) {
  ... on Runs { results { runId status tags { key value } } } } }"""
TERMINATE = """mutation($id: String!) { terminateRun(runId: $id, terminatePolicy: SAFE_TERMINATE) { __typename } }"""
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus locationOrLoadError {
  __typename ... on PythonError { message } ... on RepositoryLocation { repositories { name } } } } } } }"""


class DagsterDev:
    """``dagster dev`` in a home of its own, asked through GraphQL."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home / "dagster"
        self.home.mkdir(parents=True)
        shutil.copy(ROOT / "dagster.yaml", self.home)
        self.environment = os.environ | environment | {"JOBDATA_HOME": str(home), "DAGSTER_HOME": str(self.home)}
        self.environment["PYTHONPATH"] = str(ROOT)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.log = home / "dagster-dev.log"

    def add_partitions(self, name: str, keys: Sequence[str]) -> None:
        """Add dynamic partitions without a sensor."""
        code = (
            "import sys, dagster as dg\n"
            "with dg.DagsterInstance.get() as instance:\n"
            "    instance.add_dynamic_partitions(sys.argv[1], sys.argv[2:])\n"
        )
        subprocess.run([sys.executable, "-c", code, name, *keys], env=self.environment, cwd=ROOT, check=True)

    @contextmanager
    def running(self, seconds: float = 120) -> Iterator[DagsterDev]:
        """Started, with the code location loaded."""
        command = [str(Path(sys.executable).with_name("dagster")), "dev", "-w", "workspace.yaml", "-p", str(self.port)]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=output, stderr=output, start_new_session=True
            )
        try:
            self._wait_loaded(time.monotonic() + seconds)
            yield self
        finally:
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            # One that hangs, or ended without its webserver and daemon, leaves them behind otherwise.
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """One GraphQL request."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as response:
            answer: dict[str, Any] = json.load(response)
        if "errors" in answer:
            raise RuntimeError(answer["errors"][0]["message"])
        return dict(answer["data"])

    def _wait_loaded(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"dagster dev ended:\n{self.log.read_text()[-3000:]}")
            try:
                entries = self.ask(LOCATIONS)["workspaceOrError"]["locationEntries"]
            except (urllib.error.URLError, ConnectionError):
                entries = []
            for entry in entries:
                if entry["loadStatus"] == "LOADED":
                    if entry["locationOrLoadError"]["__typename"] != "RepositoryLocation":
                        raise RuntimeError(entry["locationOrLoadError"]["message"])
                    return
            time.sleep(0.5)
        raise RuntimeError(f"dagster dev did not load the code location:\n{self.log.read_text()[-3000:]}")

    def launch(self, job: str, tags: dict[str, str], config: dict[str, Any] | None = None) -> str:
        """Queue a run; its id."""
        selector = {"repositoryLocationName": "jobdata", "repositoryName": "__repository__", "pipelineName": job}
        metadata = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        params = {"selector": selector, "mode": "default", "runConfigData": config or {}, "executionMetadata": metadata}
        answer = self.ask(LAUNCH, params=params)["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise RuntimeError(f"launch refused: {answer}")
        return str(answer["run"]["runId"])

    def wait(self, run_id: str, seconds: float = 300) -> str:
        """The final status of a run."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = str(self.ask(STATUS, id=run_id)["runOrError"]["status"])
            if status in ("SUCCESS", "FAILURE", "CANCELED"):
                return status
            time.sleep(2)  # asking costs CPU too
        raise RuntimeError(f"run {run_id} did not end in {seconds:.0f} s")

    def backfill(self, asset: str, partitions: list[str], seconds: float = 300) -> list[str]:
        """Materialize partitions as the asset page does; the statuses of the runs, when all is over."""
        params = {"assetSelection": [{"path": [asset]}], "partitionNames": partitions, "fromFailure": False}
        answer = self.ask(BACKFILL, params=params)["launchPartitionBackfill"]
        if answer["__typename"] != "LaunchBackfillSuccess":
            raise RuntimeError(f"backfill refused: {answer}")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.ask(BACKFILL_STATUS, id=answer["backfillId"])["partitionBackfillOrError"]
            if found["status"] not in ("REQUESTED", "CANCELING", "FAILING"):
                return [str(run["status"]) for run in found["runs"]]
            time.sleep(1)
        raise RuntimeError(f"backfill {answer['backfillId']} did not end in {seconds:.0f} s")

    def runs(self, job: str) -> list[dict[str, Any]]:
        """The runs of a job, newest first."""
        return list(self.ask(RUNS, job=job)["runsOrError"]["results"])

    def cpu_seconds(self) -> float:
        """CPU of the whole tree so far; a process that ended is in the account of the parent that waited for it."""
        total = 0.0
        root = psutil.Process(self.process.pid)
        for process in [root, *root.children(recursive=True)]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
        return total
