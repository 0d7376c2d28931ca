"""`python -m sandbox.ecs`: run an ECS sandbox until it is told to stop.

What belongs here: the command line. What does not: anything a test would want to import.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import orjson

from sandbox.ecs.actions import ACTIONS
from sandbox.ecs.config import EcsConfig
from sandbox.ecs.faults import KINDS
from sandbox.ecs.server import READY_FILE, EcsSandbox
from sandbox.serve import run_until_stopped

_EPILOG = """\
listeners:
  api      the RPC API 2014-05-26, for the SDK
  metadata /<instance id>/latest/meta-data/..., for instances
  control  GET    /health /env /instances /invocations /bills /prices /faults /stats
           POST   /prices {zone, type, price}, /stock {zone, type, count}, /quota {instances}
                  /limits {action: calls a minute}
                  /reclaim {instance | instances | count, notice, seconds}, /hang, /resume, /release
                  /clock {advance}, /keys {id, secret, policy, token, expires}, /node-env {NAME: value}
                  /faults {rule} or [rules], /reset
           DELETE /faults, /keys {id}

a fault rule:
  {"kind": "throttle", "match": {"action": "RunInstances"}, "times": 1, "after": 0, "every": 1, "rate": null,
   "params": {"retry_after": 500}}
"""


def _parser() -> argparse.ArgumentParser:
    kinds = "\nfault kinds:\n" + "\n".join(f"  {kind:<22} {text}" for kind, text in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.ecs",
        description="A local Alibaba Cloud ECS with local processes as instances.",
        epilog=f"{_EPILOG}\nactions: {', '.join(ACTIONS)}\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--home", type=Path, required=True, metavar="DIR", help=f"folder for {READY_FILE}, written when ready")
    add("--seed", type=int, default=7, help="of ids, prices and drawn faults (default 7)")
    add("--port-base", type=int, default=0, metavar="PORT", help="three ports from here on; 0: free ones (default)")
    add("--max-seconds", type=float, default=3600, metavar="N", help="stop after this long; 0 is never (default 3600)")
    add("--with-parent", action="store_true", help="stop when the process that started this one is gone")
    add("--max-instances", type=int, default=120, metavar="N", help="at once (default 120)")
    add("--time-scale", type=float, default=0.01, metavar="X", help="of notices and other long spans (default 0.01)")
    add("--pending-seconds", type=float, default=0.15, metavar="S", help="how long Pending lasts (default 0.15)")
    add("--starting-seconds", type=float, default=0.15, metavar="S", help="how long Starting lasts (default 0.15)")
    add("--price-step-seconds", type=float, default=600.0, metavar="S", help="how long a price stays (default 600)")
    add("--first-address", default="127.0.1.10", metavar="IP", help="of the first instance (default 127.0.1.10)")
    add("--node-env", action="append", default=[], metavar="NAME=VALUE", help="variable for instances; repeatable")
    add("--faults", type=Path, metavar="FILE", help="fault rules as a JSON list")
    return parser


def _config(options: argparse.Namespace) -> EcsConfig:
    wrong = [text for text in options.node_env if "=" not in text]
    if wrong:
        raise ValueError(f"--node-env must be NAME=VALUE, got {wrong[0]!r}")
    faults = orjson.loads(options.faults.read_bytes()) if options.faults else []
    return replace(
        EcsConfig(),
        home=options.home,
        seed=options.seed,
        port_base=options.port_base,
        max_instances=options.max_instances,
        time_scale=options.time_scale,
        pending_seconds=options.pending_seconds,
        starting_seconds=options.starting_seconds,
        price_step_seconds=options.price_step_seconds,
        first_address=options.first_address,
        node_env=dict(text.split("=", 1) for text in options.node_env),
        faults=tuple(faults),
    )


async def _run(config: EcsConfig, max_seconds: float, with_parent: bool) -> None:
    sandbox = EcsSandbox(config)
    await run_until_stopped(
        sandbox,
        said=lambda: f"ecs sandbox ready: pid {os.getpid()}, {sandbox.urls}",
        max_seconds=max_seconds,
        with_parent=with_parent,
    )


def main() -> int:
    """Run; 0 after a clean stop, 2 for an option or a plan that cannot be used."""
    options = _parser().parse_args()
    try:
        asyncio.run(_run(_config(options), options.max_seconds, options.with_parent))
    except (OSError, ValueError) as error:
        print(f"ecs sandbox: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
