"""The receiver of reports: a connection and its encryption, without sending anything."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from crawler_core.settings import load
from jobdata_resources.doctor.check import TIMEOUT_SECONDS, Finding, fail, ok
from jobdata_resources.settings import ReportSettings

__all__ = ["look_at_receiver"]


def look_at_receiver() -> Iterator[Finding]:
    """Whether ``REPORT_ENDPOINT`` can be reached; nothing is sent, because any request could count as a report."""
    parts = urlsplit(load(ReportSettings).report_endpoint.get_secret_value())
    if not parts.hostname:
        yield ok("no receiver of reports is configured (REPORT_ENDPOINT)")
        return
    encrypted = parts.scheme == "https"
    port = parts.port or (443 if encrypted else 80)
    # Path and query may hold a key.
    where = f"receiver of reports {parts.scheme}://{parts.hostname}:{port}"
    try:
        with socket.create_connection((parts.hostname, port), timeout=TIMEOUT_SECONDS) as connection:
            if encrypted:
                with ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname):
                    pass
    except ssl.SSLError as error:
        yield fail(
            f"the certificate or encryption of the {where} is not accepted ({error.reason})",
            "correct REPORT_ENDPOINT, or trust the receiver's CA (SSL_CERT_FILE)",
        )
    except OSError as error:
        yield fail(f"{where} does not answer ({type(error).__name__})", "check REPORT_ENDPOINT and that it is running")
    else:
        yield ok(f"{where}: connected" + (", encrypted" if encrypted else ""))
