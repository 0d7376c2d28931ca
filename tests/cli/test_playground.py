"""The home that the demo and the dev server stand on is prepared again without losing anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobdata_cli.playground import _fill_stores
from jobdata_resources.control import ControlStore


class Tokens:
    """The part of a sandbox that is asked for here."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def tokens(self) -> list[dict[str, str]]:
        return [{"mpt": f"mpt-{name}", "wt2": f"wt2-{name}"} for name in self._names]


def test_a_second_start_finds_the_tokens_of_its_sandbox_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBDATA_HOME", str(tmp_path))
    _fill_stores(Tokens("a", "b"))  # type: ignore[arg-type]
    with ControlStore(f"sqlite:///{tmp_path / 'control.db'}") as store:
        first, second = (record.fingerprint for record in store.tokens())
        store.disable_token(first, "code 7: login expired")
        assert len(store.keywords("boss")) > 3
    _fill_stores(Tokens("a", "b"))  # type: ignore[arg-type]
    with ControlStore(f"sqlite:///{tmp_path / 'control.db'}") as store:
        assert {record.fingerprint: record.active for record in store.tokens()} == {first: True, second: True}
    _fill_stores(Tokens("b", "c"))  # type: ignore[arg-type]
    with ControlStore(f"sqlite:///{tmp_path / 'control.db'}") as store:
        reasons = {record.fingerprint: record.invalid_reason for record in store.tokens() if not record.active}
        assert len(store.tokens()) == 3
    assert list(reasons.values()) == ["an earlier sandbox's"]
