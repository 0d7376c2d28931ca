"""A control store, a clock that stands still, and a post office that takes or refuses."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crawler_core.values import SHANGHAI
from jobdata_resources.alerts import AlertDesk
from jobdata_resources.alerts.story import redactor
from jobdata_resources.control import ControlStore
from jobdata_resources.mail import Mail, MailError
from jobdata_resources.settings import AlertSettings

START = dt.datetime(2026, 11, 2, 8, 0, tzinfo=SHANGHAI)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += dt.timedelta(**delta)


@dataclass
class Post:
    """Takes mails unless ``broken`` says why not."""

    clock: Callable[[], dt.datetime]
    sent: list[tuple[dt.datetime, Mail]] = field(default_factory=list)
    broken: Callable[[Mail], MailError | None] = lambda _: None
    configured: bool = True
    refused: dict[str, str] = field(default_factory=dict)

    def send(self, mail: Mail) -> dict[str, str]:
        error = self.broken(mail)
        if error is not None:
            raise error
        self.sent.append((self.clock(), mail))
        return self.refused

    def subjects(self) -> list[str]:
        return [mail.subject for _, mail in self.sent]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def alert_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "control.db"
    with ControlStore(f"sqlite:///{path}") as store:
        store.migrate()
    return path


@pytest.fixture
def store(
    alert_template: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ControlStore]:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("JOBDATA_HOME", str(home))
    shutil.copy(alert_template, home / "control.db")
    with ControlStore(f"sqlite:///{home / 'control.db'}", clock=clock) as store:
        yield store


@pytest.fixture
def post(clock: Clock) -> Post:
    return Post(clock)


@pytest.fixture
def logged() -> list[str]:
    return []


@pytest.fixture
def desk(store: ControlStore, post: Post, clock: Clock, logged: list[str]) -> AlertDesk:
    return AlertDesk(
        store, post, AlertSettings(), log=logged.append, redact=redactor([]), now=clock, monotonic=lambda: 0.0
    )
