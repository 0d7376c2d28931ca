"""``jobdata dev``: the sandbox and the Dagster UI on the same data, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Annotated

import typer

from jobdata_cli.failure import BAD_INPUT, fail

__all__ = ["register"]

_WORKING_DAY = 12 * 60 * 60


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("dev")(_dev)


def _dev(
    port: Annotated[int, typer.Option(help="port of the Dagster UI")] = 3000,
    max_seconds: Annotated[int, typer.Option(help="stop by itself after this long")] = _WORKING_DAY,
) -> None:
    """Open the Dagster UI on a sandbox of the three platforms.

    Keywords and tokens are imported; keyword partitions, schedules and sensors are there to be switched on. Uses the
    data that `jobdata demo` left. Ctrl-C ends everything.
    """
    from jobdata_cli.demo import sync_partitions
    from jobdata_cli.playground import ROOT, playground

    try:
        with playground(max_seconds=max_seconds) as ground:
            sync_partitions()
            typer.echo(f"sandbox: {ground.sandbox.urls['control']}  home: {ground.home}")
            typer.echo(f"mailbox: {ground.sandbox.urls['mailbox']}  (alerts and reports arrive here)")
            os.environ["SCHEDULES_QUICK"] = "true"  # nobody waits for eight o'clock to see a day run by itself
            os.environ["DAGSTER_UI_URL"] = f"http://localhost:{port}"
            typer.echo(f"Dagster UI: http://localhost:{port}  (Ctrl-C ends it)")
            command = [sys.executable, "-m", "dagster", "dev", "-w", str(ROOT / "workspace.yaml"), "-p", str(port)]
            # A shell that starts us in the background has SIGINT ignored, a child would inherit that, and Dagster maps
            # SIGTERM to it: nothing but SIGKILL could end it. A handler here is the default there.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            child = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ))
            signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGINT))
            raise typer.Exit(_wait(child, max_seconds))
    except ValueError as error:
        fail(str(error), BAD_INPUT)


def _wait(child: subprocess.Popen[bytes], max_seconds: int) -> int:
    """Wait for the UI; the terminal's Ctrl-C reaches it by itself."""
    while True:
        try:
            return max(0, child.wait(max_seconds))
        except KeyboardInterrupt:
            continue
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGINT)
