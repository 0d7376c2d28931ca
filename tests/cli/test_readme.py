"""The README says what is so: its table of settings is the generated one, and the commands it names exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARKS = re.compile(r"<!-- settings: [^\n]*-->\n(.*?)<!-- /settings -->", re.DOTALL)


def test_the_table_of_settings_is_the_generated_one() -> None:
    generated = subprocess.run(
        [sys.executable, "-m", "jobdata_cli", "settings", "--markdown"],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT), "PATH": ""},
    ).stdout  # fmt: skip
    found = MARKS.search((ROOT / "README.md").read_text())
    assert found is not None
    assert found[1].strip() == generated.strip(), "run `jobdata settings --markdown` and paste it between the marks"


def test_the_make_targets_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert {"demo", "test", "dev", "check", "bench"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)
