"""`python -m sandbox`: run a sandbox until it is told to stop.

What belongs here: the command line. What does not: anything a test would want to import.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import date
from pathlib import Path

import orjson

from sandbox.config import SandboxConfig, today
from sandbox.faults import KINDS
from sandbox.limits import LimitSettings
from sandbox.serve import run_until_stopped
from sandbox.server import CONTROL, READY_FILE, Sandbox

_EPILOG = """\
listeners (paths equal the real ones):
  boss     GET  /wapi/zpgeek/miniapp/search/joblist.json, /wapi/batch/batchRunV3,
                /wapi/zpgeek/miniapp/job/detail.json, /wapi/zpgeek/miniapp/brand/detail.json,
                /wapi/zpgeek/miniapp/search/brandlist.json
  qcwy     GET  /open/noauth/search-pc, /open/noauth/company-info/pc-info
           POST /open/noauth/jobs/company
  zhilian  POST /c/i/search/positions
           GET  /jobdetail/<number>.htm
  control  GET  /health /env /tokens /day /faults /limits /stats /companies
                /truth?platform=&keyword=[&city=][&day=][&full=1]
           POST /day {"date": "2026-01-13"}, /faults {rule} or [rules], /limits {name: value}, /reset
           DELETE /faults
  mailbox  GET  / (for people), /mails /mail/N /mail/N/html /mail/N/file/M; DELETE /mails
  smtp     takes every mail and sends none on

a fault rule:
  {"platform": "boss", "kind": "ban_ip", "match": {"keyword": "Python", "page": 2, "egress": "127.0.1.1"},
   "times": 1, "after": 0, "every": 1, "rate": null, "params": {"seconds": 5}}
"""


def _parser() -> argparse.ArgumentParser:
    kinds = "\nfault kinds:\n" + "\n".join(f"  {kind:<15} {text}" for kind, text in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Local servers that speak the wire formats of Boss, 51job and Zhaopin over a made-up market.",
        epilog=_EPILOG + kinds,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--home", type=Path, required=True, metavar="DIR", help=f"folder for {READY_FILE}, written when ready")
    add("--seed", type=int, default=7, help="the market's seed (default 7)")
    add("--port-base", type=int, default=0, metavar="PORT", help="four ports from here on; 0 takes free ones (default)")
    add("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the market's day (default: today in Shanghai)")
    add("--max-seconds", type=float, default=3600, metavar="N", help="stop after this long; 0 is never (default 3600)")
    add("--with-parent", action="store_true", help="stop when the process that started this one is gone")
    add("--companies", type=int, default=3000, metavar="N", help="companies in the market (default 3000)")
    add("--volume", type=float, default=1.0, metavar="X", help="openings of the well-known keywords, times this")
    add("--faults", type=Path, metavar="FILE", help="JSON list of fault rules in force from the start")
    limit = parser.add_argument_group("limits, per platform and address unless said otherwise; 'none' takes one away")
    default = LimitSettings()
    for name, text in (
        ("pages_per_minute", "above this 429 with Retry-After"),
        ("ban_above_per_minute", "above this, refused requests included, the address is banned"),
        ("pages_per_day", "above this the address is banned"),
        ("token_pages_per_minute", "per Boss token: above this code 4"),
        ("token_pages_per_day", "per Boss token: above this code 36"),
    ):
        option = f"--{name.replace('_', '-')}-limit"
        shown = getattr(default, name)
        limit.add_argument(
            option, dest=name, type=_limit, default=shown, metavar="N", help=f"{text} (default {str(shown).lower()})"
        )
    limit.add_argument(
        "--ban-seconds", type=float, default=default.ban_seconds, metavar="N", help="how long a ban lasts (default 60)"
    )
    return parser


def _limit(text: str) -> int | None:
    return None if text == "none" else int(text)


def _config(options: argparse.Namespace) -> SandboxConfig:
    limits = LimitSettings(
        pages_per_minute=options.pages_per_minute,
        ban_above_per_minute=options.ban_above_per_minute,
        pages_per_day=options.pages_per_day,
        ban_seconds=options.ban_seconds,
        token_pages_per_minute=options.token_pages_per_minute,
        token_pages_per_day=options.token_pages_per_day,
    )
    plan = orjson.loads(options.faults.read_bytes()) if options.faults else []
    return SandboxConfig(
        home=options.home,
        seed=options.seed,
        port_base=options.port_base,
        day=options.day or today(),
        companies=options.companies,
        volume=options.volume,
        limits=limits,
        faults=tuple(plan if isinstance(plan, list) else [plan]),
    )


async def _run(config: SandboxConfig, max_seconds: float, with_parent: bool) -> None:
    sandbox = Sandbox(config)
    await run_until_stopped(
        sandbox,
        said=lambda: f"sandbox ready: pid {os.getpid()}, control {sandbox.urls[CONTROL]}, day {config.day}",
        max_seconds=max_seconds,
        with_parent=with_parent,
    )


def main() -> int:
    """Run; 0 after a clean stop, 2 for an option or a plan that cannot be used."""
    options = _parser().parse_args()
    try:
        asyncio.run(_run(_config(options), options.max_seconds, options.with_parent))
    except (OSError, ValueError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
