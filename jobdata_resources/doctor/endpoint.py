"""A host behind a URL: whether it can be connected to, without sending it anything."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from jobdata_resources.doctor.check import TIMEOUT_SECONDS

__all__ = ["Endpoint"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Scheme, host and port; path and query, which may hold a key, are left out."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """Of a URL; the port is that of the scheme where it names none."""
        parts = urlsplit(url)
        return cls(parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))

    @property
    def encrypted(self) -> bool:
        """Whether it is reached over TLS."""
        return self.scheme == "https"

    def connect(self) -> None:
        """Connect, shake hands where it is encrypted, and leave.

        Raises:
            ssl.SSLError: it is not trusted, or does not encrypt.
            OSError: it cannot be reached.
        """
        with socket.create_connection((self.host, self.port), timeout=TIMEOUT_SECONDS) as connection:
            if self.encrypted:
                ssl.create_default_context().wrap_socket(connection, server_hostname=self.host).close()
