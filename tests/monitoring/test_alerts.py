"""Tests of alerts: each condition is told once when it begins and once when it is over, whatever fails between."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.messages.outbox import list_messages, message_id_of
from orderhouse.monitoring.alerts import Review, open_alerts, review_alerts
from orderhouse.monitoring.conditions import Condition
from orderhouse.monitoring.notices import Notice, channels_of
from orderhouse.operations.store import open_store
from orderhouse.settings import Settings

NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"a secret of the receiver").decode()
LATE = Condition("feed_overdue", "psp/payments", "high", "payments of psp is overdue.")
NOTICE = Notice("id", "test", "2026-03-31", "test", "channels", "medium", "This is a test.", "2026-03-31")
FULL = Condition("disk_low", "home", "high", "The disk has 1.0 GB left.")


class Receiver(HTTPServer):
    """Webhook receiver that keeps what it gets and answers with a status that a test sets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 204
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def address(self) -> str:
        """Return the address of the webhook."""
        return f"http://127.0.0.1:{self.server_port}/alerts"

    def notices(self) -> list[tuple[str, str]]:
        """Return type and kind of what came."""
        return [(body["type"], body["data"]["kind"]) for body in (json.loads(text) for _, text in self.got)]


class Handler(BaseHTTPRequestHandler):
    """Answer of the receiver."""

    server: Receiver

    def do_POST(self) -> None:
        """Keep the request and answer."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def settings(tmp_path: Path, receiver: Receiver) -> Settings:
    return Settings(home=tmp_path / "home", alert_webhook=receiver.address, alert_webhook_secret=SECRET)


def review(settings: Settings, *conditions: Condition, minutes: int = 0) -> Review:
    return review_alerts(settings, now=NOW + timedelta(minutes=minutes), find=lambda *_: list(conditions))


def test_condition_is_told_once_while_it_holds_and_once_when_it_is_over(settings: Settings, receiver: Receiver) -> None:
    for minute in range(3):
        review(settings, LATE, minutes=minute)
    assert receiver.notices() == [("alert.raised", "feed_overdue")]
    assert [alert.since for alert in open_alerts(settings)] == ["2026-03-31T10:00:00+00:00"]
    for minute in range(3, 6):
        review(settings, minutes=minute)
    assert receiver.notices() == [("alert.raised", "feed_overdue"), ("alert.cleared", "feed_overdue")]
    assert open_alerts(settings) == []


def test_condition_that_comes_back_is_told_again_under_another_id(settings: Settings, receiver: Receiver) -> None:
    review(settings, LATE)
    review(settings, minutes=1)
    review(settings, LATE, minutes=2)
    assert [kind for kind, _ in receiver.notices()] == ["alert.raised", "alert.cleared", "alert.raised"]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 3


def test_other_numbers_in_the_sentence_are_no_news(settings: Settings, receiver: Receiver) -> None:
    review(settings, FULL)
    review(settings, Condition("disk_low", "home", "high", "The disk has 0.9 GB left."), minutes=1)
    assert len(receiver.got) == 1
    assert open_alerts(settings)[0].message == "The disk has 0.9 GB left."


def test_notice_that_failed_is_tried_again_under_its_id(settings: Settings, receiver: Receiver) -> None:
    receiver.status = 503
    assert review(settings, LATE, FULL).failures == {"webhook": "The alert webhook answered 503."}
    receiver.status = 204
    assert review(settings, LATE, FULL, minutes=1).failures == {}
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(ids) == 3 and ids[0] == ids[1] and len(set(ids)) == 2


def test_what_nobody_was_told_needs_no_all_clear(settings: Settings, receiver: Receiver) -> None:
    receiver.status = 503
    review(settings, LATE)
    receiver.status = 204
    review(settings, minutes=1)
    assert [kind for kind, _ in receiver.notices()] == ["alert.raised"]


def test_all_clear_that_failed_is_tried_again(settings: Settings, receiver: Receiver) -> None:
    review(settings, LATE)
    receiver.status = 500
    review(settings, minutes=1)
    receiver.status = 204
    review(settings, minutes=2)
    review(settings, minutes=3)
    assert [kind for kind, _ in receiver.notices()] == ["alert.raised", "alert.cleared", "alert.cleared"]


def test_review_that_was_killed_before_it_told_is_made_good(
    settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("orderhouse.monitoring.alerts._tell", _killed)
        with pytest.raises(KeyboardInterrupt):
            review(settings, LATE)
    review(settings, LATE, minutes=1)
    assert receiver.notices() == [("alert.raised", "feed_overdue")]


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_notice_is_signed_as_standard_webhooks(settings: Settings, receiver: Receiver) -> None:
    review(settings, LATE)
    [(headers, body)] = receiver.got
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.digest(b"a secret of the receiver", message, hashlib.sha256)
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_redirection_is_not_followed(settings: Settings, receiver: Receiver) -> None:
    receiver.status = 307
    assert review(settings, LATE).failures == {"webhook": "The alert webhook answered 307."}
    assert len(receiver.got) == 1


def test_receiver_that_is_away_is_told_in_a_sentence(settings: Settings) -> None:
    away = settings.model_copy(update={"alert_webhook": "http://127.0.0.1:9/"})
    assert review(away, LATE).failures == {"webhook": "The alert webhook could not be reached: ConnectionError."}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Mailbox:
    """Handler of a mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[tuple[list[str], str]] = []

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802 - the name that aiosmtpd calls
        """Keep a message."""
        self.got.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


def test_alert_is_mailed_with_an_id_of_its_own(tmp_path: Path) -> None:
    mailbox = Mailbox()
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        settings = Settings(
            home=tmp_path / "home",
            alert_emails=("ops@example.com", "it@example.com"),
            smtp_server=f"127.0.0.1:{port}",
            smtp_security="none",
            smtp_sender="orderhouse@example.com",
        )
        review(settings, LATE)
        review(settings, LATE, minutes=1)
    finally:
        controller.stop()
    [(recipients, text)] = mailbox.got
    assert recipients == ["ops@example.com", "it@example.com"]
    assert "Subject: [Orderhouse] raised: feed overdue (psp/payments)" in text
    assert "payments of psp is overdue." in text
    assert "Message-ID: <" in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"alert_webhook": "http://example.com/hook"}, "must begin with https://"),
        ({"alert_webhook": "file:///etc/passwd"}, "must begin with https://"),
        ({"alert_emails": ("a@example.com",)}, "needs the settings smtp_server and smtp_sender"),
        (
            {"alert_emails": ("a@b.c",), "smtp_server": "mail.example.com", "smtp_sender": "a@b.c"},
            "smtp_server must be host:port",
        ),
        (
            {
                "alert_emails": ("a@b.c",),
                "smtp_server": "mail.example.com:25",
                "smtp_sender": "a@b.c",
                "smtp_security": "none",
            },
            "on this machine only",
        ),
    ],
)
def test_channel_that_would_not_be_safe_or_whole_is_refused(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    settings = Settings(home=tmp_path / "home", **given)
    with pytest.raises(OrderhouseError, match=said):
        for send in channels_of(settings).values():
            send(NOTICE)


def test_no_secret_is_in_the_stored_alerts_or_the_log(settings: Settings) -> None:
    review(settings, LATE)
    written = b"".join(path.read_bytes() for path in settings.home.rglob("*") if path.is_file())
    assert b"payments of psp is overdue." in written
    assert SECRET.encode() not in written and b"a secret" not in written


def test_alert_goes_through_the_outbox(settings: Settings) -> None:
    review(settings, LATE)
    (message,) = list_messages(open_store(settings))
    assert (message.kind, message.audience, message.channel) == ("alert.raised", "team", "webhook")
    assert (message.endpoint, message.recipient, message.state) == ("alert_webhook", "alert_webhook", "sent")


@pytest.mark.parametrize("at", ["messages_taken", "messages_handed_over"])
def test_review_that_was_killed_while_it_told_is_made_good_under_the_same_id(
    settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def killed(name: str) -> None:
        if name == at:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("orderhouse.messages.delivering.checkpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            review(settings, LATE)
    review(settings, LATE, minutes=1)
    assert {kind for kind, _ in receiver.notices()} == {"alert.raised"}
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len(receiver.got) == (2 if at == "messages_handed_over" else 1)
    assert review(settings, LATE, minutes=2).failures == {}
    assert len(receiver.got) == (2 if at == "messages_handed_over" else 1)


def test_alert_is_told_also_if_the_operations_store_cannot_be_used(settings: Settings, receiver: Receiver) -> None:
    settings.operations.mkdir(parents=True)
    (settings.operations / "operations.sqlite").write_bytes(b"no database" * 100)
    for minute in range(2):
        assert review(settings, LATE, minutes=minute).failures == {}
    assert receiver.notices() == [("alert.raised", "feed_overdue")]
    (headers, _) = receiver.got[0]
    (settings.operations / "operations.sqlite").unlink()
    review(settings, minutes=2)
    review(settings, LATE, minutes=3)
    assert len(receiver.got) == 3 and headers["webhook-id"] == message_id_of(
        "alert.raised", "condition", "feed_overdue:psp/payments", "2026-03-31T10:00:00+00:00", "alert_webhook"
    )


def test_test_command_tells_every_channel(
    settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHOUSE_ALERT_WEBHOOK", receiver.address)
    assert run_command(["--home", str(settings.home), "alerts", "test"]) == 0
    assert receiver.notices() == [("alert.test", "test")]
    monkeypatch.delenv("ORDERHOUSE_ALERT_WEBHOOK")
    assert run_command(["--home", str(settings.home), "alerts", "test"]) == 2
