"""Errors of sending mail, as one tree.

    MailError                    a mail was not accepted; nobody got it
    ├── MailServerUnavailable    no answer, no encryption, or the login was refused: no other mail would get through
    └── MailRefused              the server took the login but not this mail; another one may get through

Messages name the server, the port and what it said; never user, password or the text of the mail.
"""

from __future__ import annotations

__all__ = ["MailError", "MailRefused", "MailServerUnavailable"]


class MailError(Exception):
    """A mail was not accepted."""


class MailServerUnavailable(MailError):
    """The server cannot be used at all: try again later, or mend the settings."""


class MailRefused(MailError):
    """The server refused this mail."""
