"""``jobdata sandbox``: the local stand-in of the three platforms, and the variables that point a client at it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer

from jobdata_cli.failure import BAD_INPUT, fail
from jobdata_cli.output import AsJson, print_json

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The sandbox: up, env.")


@app.command(add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def up(ctx: typer.Context) -> None:
    """Run the sandbox until Ctrl-C; options are those of `python -m sandbox` (`--help` lists them)."""
    command = [sys.executable, "-m", "sandbox"]
    if "--home" not in ctx.args:
        command += ["--home", str(_home())]
    if "--max-seconds" not in ctx.args:
        command += ["--max-seconds", "0"]
    root = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    child = subprocess.Popen([*command, "--with-parent", *ctx.args], env=os.environ | {"PYTHONPATH": paths})
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while True:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            continue  # the terminal sent it to the child as well, which ends by itself
        raise typer.Exit(code if code >= 0 else 128 - code)


@app.command()
def env(as_json: AsJson = False) -> None:
    """Print the variables of the running sandbox: `eval "$(jobdata sandbox env)"`."""
    facts = _facts(_home() / "sandbox.json")
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _facts(path: Path) -> dict[str, str]:
    try:
        facts: dict[str, Any] = json.loads(path.read_bytes())
        variables = {str(name): str(value) for name, value in facts["env"].items()}
        os.kill(int(facts["pid"]), 0)
    except FileNotFoundError:
        fail(f"no sandbox is running: {path} is missing; start one with `jobdata sandbox up`", BAD_INPUT)
    except ProcessLookupError:
        fail(f"the sandbox of {path} has ended; start one with `jobdata sandbox up`", BAD_INPUT)
    except PermissionError:
        pass  # it runs, as another user
    except (ValueError, KeyError, TypeError, AttributeError):
        fail(f"{path} is not a sandbox's; remove it and start one with `jobdata sandbox up`", BAD_INPUT)
    return variables


def _home() -> Path:
    from crawler_core.settings import CrawlSettings, load

    return load(CrawlSettings).jobdata_home.absolute() / "sandbox"
