"""`python -m sandbox.ecs.reaper MARK FOLDER`: kills what a cloud's instances run once the cloud is gone.

What belongs here: waiting for the end of the standard input, which the cloud holds open while it lives, and ending
every process that carries its mark. What does not: anything while it lives.
"""

from __future__ import annotations

import shutil
import signal
import sys
import time

from sandbox.ecs.machine import CLOUD_MARK, signal_marked


def main() -> int:
    """Wait, kill until nothing is left, remove the folder."""
    mark, folder = sys.argv[1:3]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    while sys.stdin.buffer.read(4096):
        continue
    quiet = 0
    while quiet < 3:
        quiet = 0 if signal_marked(CLOUD_MARK, {mark}, signal.SIGKILL) else quiet + 1
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
