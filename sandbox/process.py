"""The platforms' sandbox as a child process; see `child`."""

from __future__ import annotations

from sandbox.child import ChildServer, SandboxError

__all__ = ["SandboxError", "SandboxProcess"]


class SandboxProcess(ChildServer):
    """`python -m sandbox`, with listeners boss, qcwy, zhilian and control."""

    module = "sandbox"
    name = "sandbox"

    def tokens(self) -> list[dict[str, str]]:
        """The Boss tokens that can be used now, each `{"mpt": …, "wt2": …}`."""
        found: list[dict[str, str]] = self.control("GET", "/tokens")
        return found
