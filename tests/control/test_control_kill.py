"""A process that is killed in the middle of an import leaves all of it or nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobdata_resources.control import ControlStore

ROOT = Path(__file__).resolve().parents[2]
ROWS = 4000
CHILD = (
    "import sys; from pathlib import Path; from jobdata_resources.control import ControlStore\n"
    "store = ControlStore(sys.argv[1]); store.revision(); print('ready', flush=True)\n"
    "store.import_keyword_file(Path(sys.argv[2])); print('done', flush=True)\n"
)


@pytest.mark.slow
def test_a_killed_import_is_all_or_nothing(store: ControlStore, store_url: str, tmp_path: Path) -> None:
    file = tmp_path / "keywords.csv"
    moments = random.Random(7)
    for number in range(5):
        words = [f"round {number} word {position}" for position in range(ROWS)]
        file.write_text("keyword,platforms\n" + "".join(f"{word},boss;qcwy\n" for word in words), encoding="utf-8")
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, store_url, str(file)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0.2, 2.0))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        stored = [
            sum(record.keyword.text.startswith(f"round {number} ") for record in store.keywords(platform))
            for platform in ("boss", "qcwy")
        ]
        assert stored in ([0, 0], [ROWS, ROWS])
    store.import_keyword_file(file)
    assert sum(record.keyword.text.startswith("round 4 ") for record in store.keywords("boss")) == ROWS
