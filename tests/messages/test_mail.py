"""Tests of mails: what a customer typed cannot add a recipient or a header, and bad addresses fail alone."""

from __future__ import annotations

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.messages.mail import MailEndpoint, mail_of
from orderhouse.messages.sending import Outgoing, Refused

from tests.messages.sinks import MailSink

ENDPOINT = MailEndpoint("mail", "127.0.0.1:25", "Shop <shop@example.com>", security="none", reply_to="help@example.com")


def outgoing(to: str = "anna@example.com", title: str = "Hello", **more: object) -> Outgoing:
    return Outgoing("id-1", "late", "2026-03-31T10:00:00Z", title, "Text", to=(to,), **more)  # type: ignore[arg-type]


def test_mail_has_both_texts_and_its_headers() -> None:
    mail = mail_of(ENDPOINT, outgoing(html="<p>Text</p>", locale="de_AT"))
    assert mail["Message-ID"] == "<id-1@example.com>"
    assert (mail["Reply-To"], mail["Content-Language"]) == ("help@example.com", "de-AT")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "address",
    ["a@example.com, b@example.com", "a@example.com\nBcc: b@example.com", "nobody", "", "a b@example.com", "<a@b.c>"],
)
def test_address_that_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="is not valid in a mail"):
        mail_of(ENDPOINT, outgoing(address))


def test_line_breaks_of_a_title_become_blanks() -> None:
    mail = mail_of(ENDPOINT, outgoing(title="Order\r\nBcc: b@example.com"))
    assert mail["Subject"] == "Order Bcc: b@example.com"
    assert mail["Bcc"] is None


def test_address_in_another_script_fails_alone(mail: MailSink) -> None:
    endpoint = MailEndpoint("mail", mail.server, "shop@example.com", security="none")
    with endpoint.connected() as send:
        with pytest.raises(Refused, match="is not valid in a mail"):
            send(outgoing("अन्ना@example.com"))
        send(outgoing())
    assert len(mail.got) == 1


def test_probe_connects_and_sends_nothing(mail: MailSink) -> None:
    MailEndpoint("mail", mail.server, "shop@example.com", security="none").probe()
    assert mail.got == []
    with pytest.raises(OrderhouseError, match="could not take the message"):
        MailEndpoint("mail", "127.0.0.1:9", "shop@example.com", security="none").probe()


def test_encryption_that_the_server_does_not_offer_is_not_done_without(mail: MailSink) -> None:
    with pytest.raises(OrderhouseError, match="SMTPNotSupportedError"):
        MailEndpoint("mail", mail.server, "shop@example.com", security="starttls").probe()


def test_channel_without_a_recipient_says_what_to_do() -> None:
    message = Outgoing("id-1", "rule.late", "2026-03-31T10:00:00Z", "Late", "Text")
    with pytest.raises(Refused, match="The channel mail has no recipient. Give it the key `to`"):
        mail_of(ENDPOINT, message)
