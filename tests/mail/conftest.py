"""Mail servers that live as long as a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.mail_server import Mailbox, mail_server


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def starttls_server(certificates: Path) -> Iterator[Mailbox]:
    with mail_server(certificates) as box:
        yield box


@pytest.fixture
def box(starttls_server: Mailbox, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """The STARTTLS server, empty, trusted, and named by the settings."""
    starttls_server.mails.clear()
    starttls_server.recipients.clear()
    starttls_server.refuse = ""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    for name, value in starttls_server.env().items():
        monkeypatch.setenv(name, value)
    return starttls_server
