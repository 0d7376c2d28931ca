"""``Webhook``: JSON to ``REPORT_ENDPOINT``, and the Dagster resource that hands it out.

Each report carries an idempotency key in a header: an attempt whose answer was lost is made again with the same key,
and the receiver stores it once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import dagster as dg

from crawler_core.settings import load
from jobdata_resources.settings import ReportSettings

if TYPE_CHECKING:
    import httpx

__all__ = ["IDEMPOTENCY_HEADER", "Webhook", "WebhookError", "WebhookResource"]

IDEMPOTENCY_HEADER = "Idempotency-Key"

_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0
_TRANSIENT = frozenset({408, 425, 429})
"""Status codes below 500 that another attempt may mend."""


class WebhookError(Exception):
    """The receiver did not take a report; names its host, never the rest of the URL."""


class Webhook:
    """The receiver of reports.

    Args:
        transport: in the place of the network, for tests.
        sleep: waits some seconds between attempts.
    """

    def __init__(
        self,
        settings: ReportSettings,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._sleep = sleep

    @property
    def configured(self) -> bool:
        """Whether there is a receiver."""
        return bool(self._settings.report_endpoint.get_secret_value())

    @property
    def label(self) -> str:
        """Scheme, host and port of the receiver: path and query may hold a key."""
        parts = urlsplit(self._settings.report_endpoint.get_secret_value())
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}" if self.configured else "no receiver"

    def send(self, payload: Mapping[str, Any], *, key: str) -> int:
        """Send a report until it is taken; returns the number of attempts.

        A refusal that another attempt cannot mend (4xx, but not 408, 425 and 429) ends at once.

        Args:
            key: the same for every attempt at this report, also from another run.

        Raises:
            WebhookError: it was not taken; says how often it was tried and what came back.
        """
        import httpx
        import orjson

        settings = self._settings
        headers = {"Content-Type": "application/json", IDEMPOTENCY_HEADER: key}
        body = orjson.dumps(payload)
        told = ""
        # The environment's proxies are the crawl's business.
        with httpx.Client(transport=self._transport, timeout=settings.report_timeout, trust_env=False) as client:
            for attempt in range(1, settings.report_max_retries + 2):
                wait = _back_off(attempt)
                try:
                    answer = client.post(settings.report_endpoint.get_secret_value(), content=body, headers=headers)
                except httpx.HTTPError as error:
                    told = type(error).__name__  # its text may quote the URL
                else:
                    if answer.is_success:
                        return attempt
                    told = f"status {answer.status_code}"
                    if answer.status_code < 500 and answer.status_code not in _TRANSIENT:
                        raise WebhookError(f"{self.label} refused a report: {told}; check REPORT_ENDPOINT")
                    wait = _asked_wait(answer.headers.get("Retry-After", "")) or wait
                if attempt <= settings.report_max_retries:
                    self._sleep(min(wait, _LONGEST_WAIT_SECONDS))
        raise WebhookError(f"{self.label} did not take a report in {settings.report_max_retries + 1} attempts: {told}")


def _back_off(attempt: int) -> float:
    """1, 2, 4, … seconds, each up to a quarter longer, so that several senders do not come back together."""
    return float(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * random.uniform(1.0, 1.25))


def _asked_wait(header: str) -> float:
    return float(header) if header.isascii() and header.isdigit() else 0.0


class WebhookResource(dg.ConfigurableResource["WebhookResource"]):
    """Hands out the receiver of ``REPORT_ENDPOINT``; it has no fields, so no key can get into a config."""

    def webhook(self) -> Webhook:
        """The receiver; settings are read at each call.

        Raises:
            BadSetting: a variable is malformed.
        """
        return Webhook(load(ReportSettings))
