"""E-mail: messages as MIME mail, handed to a mail server by SMTP over one connection for many."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import urlsplit

from orderhouse.errors import OrderhouseError
from orderhouse.messages.sending import LOOPBACK, SECONDS, Deferred, Outgoing, Refused, Sender, Unavailable

__all__ = ["MailEndpoint", "mail_of"]

PERMANENT = 500
LONGEST_TITLE = 200
SAID = "The mail server could not take the message"


@dataclass(frozen=True)
class MailEndpoint:
    """A mail server.

    Attributes:
        name: Name of the endpoint.
        server: Mail server as host:port.
        sender: Address that mails come from, with or without a name.
        security: `starttls`, `tls`, or `none` on this machine only.
        user: User, if the server asks for one.
        password: Password of that user.
        reply_to: Address for answers.
        to: Addresses of the team; those of customers come with each message.
    """

    name: str
    server: str
    sender: str
    security: str = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    reply_to: str | None = None
    to: tuple[str, ...] = ()
    channel: str = "email"

    def check(self) -> None:
        """Raise if the server has no port, or mails would go in clear over a network."""
        if self.security == "none" and self._place()[0] not in LOOPBACK:
            raise OrderhouseError(
                f"{self.name}: smtp_security may be `none` on this machine only. Use `starttls` or `tls`."
            )
        self._place()
        if "@" not in parseaddr(self.sender)[1]:
            raise OrderhouseError(f"{self.name}: the sender must be an address, such as `Shop <orders@example.com>`.")

    def probe(self) -> None:
        """Connect, encrypt and sign in, without sending a mail."""
        try:
            self.open().quit()
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"{SAID}: {type(error).__name__}.") from None

    @contextlib.contextmanager
    def connected(self) -> Iterator[Sender]:
        """Yield a sender; its connection is closed at the end."""
        line = _Line(self)
        try:
            yield line
        finally:
            line.close()

    def open(self) -> smtplib.SMTP:
        """Connect, encrypt and sign in."""
        host, port = self._place()
        context = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=SECONDS)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user is not None and self.password is not None:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _place(self) -> tuple[str, int]:
        try:
            parts = urlsplit(f"//{self.server}")
            if parts.hostname is None or parts.port is None:
                raise ValueError
        except ValueError:
            raise OrderhouseError("smtp_server must be host:port, such as mail.example.com:587.") from None
        return parts.hostname, parts.port


class _Line:
    """Connection that is opened by the first mail, and again after it was lost."""

    def __init__(self, endpoint: MailEndpoint) -> None:
        self.endpoint = endpoint
        self.server: smtplib.SMTP | None = None

    def __call__(self, message: Outgoing) -> None:
        mail = mail_of(self.endpoint, message)
        try:
            if self.server is None:
                self.server = self.endpoint.open()
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"{SAID}: {type(error).__name__}.") from None
        try:
            self.server.send_message(mail)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            problem = _problem(error)
            if isinstance(problem, Unavailable):
                self.close()  # its state is unknown; the next mail connects anew
            raise problem from None

    def close(self) -> None:
        """Close the connection. What was accepted stays accepted."""
        server, self.server = self.server, None
        if server is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()


def _problem(error: Exception) -> OrderhouseError:
    """Return the error in words. Answers of servers are left out, because they repeat addresses."""
    if isinstance(error, (smtplib.SMTPNotSupportedError, ValueError)):
        return Refused("The mail server does not take addresses of this form.")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = min((code for code, _ in error.recipients.values()), default=PERMANENT)
        if code >= PERMANENT:
            return Refused(f"The mail server refused the recipient with {code}.")
        return Deferred(f"The mail server put the recipient off with {code}.")
    if isinstance(error, smtplib.SMTPDataError):
        if error.smtp_code >= PERMANENT:
            return Refused(f"The mail server refused the message with {error.smtp_code}.")
        return Deferred(f"The mail server put the message off with {error.smtp_code}.")
    if isinstance(error, smtplib.SMTPResponseException):
        return Unavailable(f"{SAID}: it answered {error.smtp_code}.")
    return Unavailable(f"{SAID}: {type(error).__name__}.")


def mail_of(endpoint: MailEndpoint, message: Outgoing) -> EmailMessage:
    """Return a message as MIME mail.

    Raises:
        Refused: The address or a header is not valid.
    """
    if not (message.to or endpoint.to):
        raise Refused(f"The channel {endpoint.name} has no recipient. Give it the key `to`.")
    mail = EmailMessage()
    domain = parseaddr(endpoint.sender)[1].rpartition("@")[2] or "localhost"
    try:
        mail["Subject"] = " ".join(message.title.split())[:LONGEST_TITLE]
        mail["From"] = endpoint.sender
        # As single addresses: a customer's text with a comma must not become two recipients.
        mail["To"] = [Address(addr_spec=address) for address in message.to or endpoint.to]
        mail["Date"] = formatdate(localtime=False)
        mail["Message-ID"] = f"<{message.message_id}@{domain}>"
        # Automatic answers, such as those of people on holiday, are not sent to such mails.
        mail["Auto-Submitted"] = "auto-generated"
        if endpoint.reply_to:
            mail["Reply-To"] = endpoint.reply_to
        if message.unsubscribe_url:
            mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    except (ValueError, IndexError, HeaderParseError):
        raise Refused("The address or the subject line is not valid in a mail.") from None
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    for each in message.attachments:
        kind, _, subtype = each.media_type.partition("/")
        mail.add_attachment(each.content, maintype=kind, subtype=subtype, filename=each.name)
    if message.locale:  # setting the content clears such headers
        mail["Content-Language"] = message.locale.replace("_", "-")
    return mail
