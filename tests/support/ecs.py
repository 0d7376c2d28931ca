"""The real SDK against an ECS sandbox, with short words for what tests ask of it."""

from __future__ import annotations

import base64
import inspect
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.models import Config

from sandbox.ecs.process import EcsSandboxProcess

REGION = "cn-shanghai"


class Ecs:
    """The SDK against a sandbox."""

    models = models

    def __init__(self, process: EcsSandboxProcess) -> None:
        self.process = process
        self.env = process.env
        self.client = self.connect(self.env["ALIBABA_CLOUD_ACCESS_KEY_ID"], self.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"])

    def connect(self, key: str, secret: str, **more: Any) -> Client:
        config = Config(access_key_id=key, access_key_secret=secret, region_id=REGION, **more)
        config.endpoint, config.protocol = self.process.endpoint, "http"
        return Client(config)

    def control(self, method: str, path: str, json: Any = None) -> Any:
        return self.process.control(method, path, json)

    def order(self, **more: Any) -> models.RunInstancesRequest:
        values = {
            "region_id": REGION,
            "image_id": self.env["ECS_IMAGE_ID"],
            "instance_type": "ecs.c7.large",
            "v_switch_id": "vsw-sandbox-b",
            "security_group_id": self.env["ECS_SECURITY_GROUP_ID"],
            "spot_strategy": "SpotAsPriceGo",
            "spot_duration": 0,
            "internet_max_bandwidth_out": 10,
        } | more
        return models.RunInstancesRequest(**values)

    def run(self, amount: int = 1, *, client: Client | None = None, tags: dict[str, str] | None = None, **more: Any):
        tag = [models.RunInstancesRequestTag(key=key, value=value) for key, value in (tags or {}).items()]
        answer = (client or self.client).run_instances(self.order(amount=amount, tag=tag, **more))
        return answer.body.instance_id_sets.instance_id_set

    def list(self, *, client: Client | None = None, **more: Any) -> dict[str, Any]:
        request = models.DescribeInstancesRequest(region_id=REGION, max_results=100, **more)
        found = (client or self.client).describe_instances(request).body.instances.instance
        return {one.instance_id: one for one in found}

    def up(self, amount: int = 1, **more: Any) -> list[str]:
        """Instances whose Cloud Assistant answers."""
        ids = self.run(amount, **more)
        until(lambda: all(self.assistants(ids).get(one) == "true" for one in ids))
        return ids

    def assistants(self, ids: list[str]) -> dict[str, str]:
        request = models.DescribeCloudAssistantStatusRequest(region_id=REGION, instance_id=ids, page_size=50)
        found = self.client.describe_cloud_assistant_status(request).body.instance_cloud_assistant_status_set
        return {one.instance_id: one.cloud_assistant_status for one in found.instance_cloud_assistant_status}

    def send(self, ids: list[str], script: str, **more: Any) -> str:
        content = base64.b64encode(script.encode()).decode()
        request = models.RunCommandRequest(
            region_id=REGION, type="RunShellScript", content_encoding="Base64", command_content=content,
            instance_id=ids, **more,
        )  # fmt: skip
        return self.client.run_command(request).body.invoke_id

    def results(self, invoke: str, **more: Any) -> dict[str, Any]:
        request = models.DescribeInvocationResultsRequest(region_id=REGION, invoke_id=invoke, page_size=50, **more)
        found = self.client.describe_invocation_results(request).body.invocation.invocation_results.invocation_result
        return {one.instance_id: one for one in found}

    def finish(self, invoke: str) -> dict[str, Any]:
        """The results once all are over."""
        return until(
            lambda: (
                (found := self.results(invoke))
                and all(one.invocation_status not in ("Pending", "Running", "Stopping") for one in found.values())
                and found
            )
        )

    def delete(self, ids: list[str], *, client: Client | None = None, force: bool = True, **more: Any) -> None:
        request = models.DeleteInstancesRequest(region_id=REGION, instance_id=ids, force=force, **more)
        (client or self.client).delete_instances(request)

    def truth(self, instance: str) -> dict[str, Any]:
        return next(one for one in self.control("GET", "/instances") if one["instance"] == instance)


def until(ready: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := ready()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {inspect.getsource(ready).strip()}"
        time.sleep(0.02)
    return answer


def alive(pid: int, started: str = "") -> str:
    """When a process started, in clock ticks; empty when it is gone, only waits to be reaped, or is another one now."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return fields[18] if state not in "ZX" and started in ("", fields[18]) else ""


def output(result: Any) -> str:
    return base64.b64decode(result.output).decode()
