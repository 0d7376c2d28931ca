"""The doctor at the receiver of reports: a listener with and without TLS, and none at all."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from jobdata_resources.doctor.report import look_at_receiver
from tests.doctor.test_doctor import free_port, worst

KEY = "key-that-nobody-may-see"


@contextmanager
def listener(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """Takes connections one after another and keeps what is sent to it."""
    sent: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        if context is None:
                            sent.append(connection.recv(1000))
                        else:
                            with context.wrap_socket(connection, server_side=True) as plain:
                                sent.append(plain.recv(1000))
                    except OSError:
                        continue  # the client did not trust us

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], sent
        server.shutdown(socket.SHUT_RDWR)


def look(monkeypatch: pytest.MonkeyPatch, scheme: str, port: int) -> tuple[str, str, str]:
    monkeypatch.setenv("REPORT_ENDPOINT", f"{scheme}://localhost:{port}/hook/{KEY}?token={KEY}")
    finding = worst(look_at_receiver())
    assert KEY not in repr(finding)
    return finding.status, finding.text, finding.remedy


def test_a_receiver_is_reached_and_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener() as (port, sent):
        assert look(monkeypatch, "http", port) == (
            "ok", f"receiver of reports http://localhost:{port}: connected", "",
        )  # fmt: skip
    assert not any(sent)
    assert look(monkeypatch, "http", free_port())[0] == "fail"


def test_its_certificate_must_be_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with listener(context) as (port, sent):
        status, text, remedy = look(monkeypatch, "https", port)
        assert (status, "CERTIFICATE_VERIFY_FAILED" in text) == ("fail", True)
        assert "SSL_CERT_FILE" in remedy
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert look(monkeypatch, "https", port)[:2] == (
            "ok", f"receiver of reports https://localhost:{port}: connected, encrypted",
        )  # fmt: skip
    assert not any(sent)


def test_none_is_configured() -> None:
    assert worst(look_at_receiver()).text == "no receiver of reports is configured (REPORT_ENDPOINT)"
