"""The receiver of reports: a connection and its encryption, without sending anything."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from crawler_core.settings import load
from jobdata_resources.doctor.check import Finding, fail, ok
from jobdata_resources.doctor.endpoint import Endpoint
from jobdata_resources.settings import ReportSettings

__all__ = ["look_at_receiver"]


def look_at_receiver() -> Iterator[Finding]:
    """Whether ``REPORT_ENDPOINT`` can be reached; nothing is sent, because any request could count as a report."""
    endpoint = Endpoint.of(load(ReportSettings).report_endpoint.get_secret_value())
    if not endpoint.host:
        yield ok("no receiver of reports is configured (REPORT_ENDPOINT)")
        return
    where = f"receiver of reports {endpoint.scheme}://{endpoint.host}:{endpoint.port}"
    try:
        endpoint.connect()
    except ssl.SSLError as error:
        yield fail(
            f"the certificate or encryption of the {where} is not accepted ({error.reason})",
            "correct REPORT_ENDPOINT, or trust the receiver's CA (SSL_CERT_FILE)",
        )
    except OSError as error:
        yield fail(f"{where} does not answer ({type(error).__name__})", "check REPORT_ENDPOINT and that it is running")
    else:
        yield ok(f"{where}: connected" + (", encrypted" if endpoint.encrypted else ""))
