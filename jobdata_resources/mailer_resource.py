"""The mailer as a Dagster resource."""

from __future__ import annotations

import dagster as dg

from crawler_core.settings import load
from jobdata_resources.mail import Mailer
from jobdata_resources.settings import MailSettings

__all__ = ["MailerResource"]


class MailerResource(dg.ConfigurableResource["MailerResource"]):
    """Hands out the mailer of ``SMTP_HOST``; it has no fields, so no password can get into a config."""

    def mailer(self) -> Mailer:
        """The mailer; settings are read at each call, so a mended password needs no restart.

        Raises:
            BadSetting: a variable is malformed or missing.
        """
        return Mailer(load(MailSettings))
