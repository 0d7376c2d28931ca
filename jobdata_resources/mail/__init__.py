"""Mail: what a mail is, how it is written, and how it is handed to a server."""

from jobdata_resources.mail.errors import MailError, MailRefused, MailServerUnavailable
from jobdata_resources.mail.mailer import Mailer
from jobdata_resources.mail.message import Attachment, Mail

__all__ = ["Attachment", "Mail", "MailError", "MailRefused", "MailServerUnavailable", "Mailer"]
