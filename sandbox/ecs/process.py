"""The ECS sandbox as a child process; see `sandbox.child`. It ends with all its instances."""

from __future__ import annotations

from pathlib import Path

from sandbox.child import ChildServer, SandboxError

__all__ = ["EcsSandboxProcess", "SandboxError"]


class EcsSandboxProcess(ChildServer):
    """`python -m sandbox.ecs`, with listeners api, metadata and control.

    `env` is what a client needs: the first key, endpoint, region, image, security group, vSwitches, types, role;
    `node_env` is given to every instance.
    """

    module = "sandbox.ecs"
    name = "ecs"

    def __init__(
        self, *args: str, home: Path | None = None, seed: int = 7, node_env: dict[str, str] | None = None
    ) -> None:
        more = [text for name, value in (node_env or {}).items() for text in ("--node-env", f"{name}={value}")]
        super().__init__(*args, *more, home=home, seed=seed)

    @property
    def endpoint(self) -> str:
        """Host and port for the SDK's `endpoint`; its `protocol` is http."""
        return self.urls["api"].removeprefix("http://")
