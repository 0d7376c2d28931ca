"""Runs the node program as a child process against a sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.process import SandboxProcess

ROOT = Path(__file__).resolve().parents[2]


def environment(sandbox: SandboxProcess, home: Path, **settings: str) -> dict[str, str]:
    """What a node reads: the sandbox's hosts and keys, its tokens, and a home of its own."""
    tokens = ",".join(f"{token['mpt']}:{token['wt2']}" for token in sandbox.tokens())
    base = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return base | sandbox.env | {"JOBDATA_HOME": str(home), "BOSS_TOKENS": tokens, "PYTHONPATH": str(ROOT)} | settings


def command(platform: str, keywords: Sequence[str], *options: str) -> list[str]:
    words = [part for word in keywords for part in ("-k", word)]
    return [sys.executable, "-m", "crawler_core", "crawl", "-p", platform, *words, "--json", *options]


def run_node(
    env: dict[str, str], platform: str, keywords: Sequence[str], *options: str
) -> tuple[int, dict[str, Any], str]:
    """Exit code, summary and standard error."""
    done = subprocess.run(
        command(platform, keywords, *options), env=env, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr
