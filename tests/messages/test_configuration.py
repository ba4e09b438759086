"""Tests of `messages.yaml`: what it may say, and mistakes named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import load_configuration
from orderhouse.messages.mail import MailEndpoint
from orderhouse.messages.posting import TemplateEndpoint, WebhookEndpoint, filled
from orderhouse.settings import Settings

SECRET = "whsec_c2VjcmV0"


def load(home: Path, text: str, **settings: object) -> dict[str, object]:
    """Write the file and return its endpoints by name."""
    (home / "messages.yaml").write_text(text)
    found = load_configuration(Settings(home=home, **settings))  # type: ignore[arg-type]
    return {name: route.endpoint for name, route in found.routes.items()}


def test_home_without_the_file_has_no_channel(tmp_path: Path) -> None:
    assert load_configuration(Settings(home=tmp_path, smtp_server="127.0.0.1:25", smtp_sender="a@b.c")).routes == {}


def test_mail_takes_the_server_of_the_settings(tmp_path: Path) -> None:
    server = {"smtp_server": "mail.example.com:587", "smtp_sender": "ops@example.com"}
    found = load(tmp_path, "channels:\n  email:\n", **server)["email"]
    assert isinstance(found, MailEndpoint)
    assert (found.server, found.sender, found.security) == ("mail.example.com:587", "ops@example.com", "starttls")


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_TOKEN", "Bearer abc")
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    found = load(
        tmp_path,
        "channels:\n"
        "  sms: {url: 'https://sms.example.com', headers: {Authorization: {env: SMS_TOKEN}}, body: {to: '{to}'}}\n"
        "  erp: {type: webhook, url: 'https://erp.example.com', secret: {file: secret}}\n",
    )
    sms, erp = found["sms"], found["erp"]
    assert isinstance(sms, TemplateEndpoint) and sms.headers == {"Authorization": "Bearer abc"}
    assert isinstance(erp, WebhookEndpoint) and erp.secret == SECRET
    assert "abc" not in repr(sms) and SECRET not in repr(erp)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chanels: {}", ":1: the file has no key 'chanels'; did you mean 'channels'?"),
        ("channels:\n  email: {sever: a}", ":2: channels.email has no key 'sever'; did you mean 'server'?"),
        ("channels:\n  email: {server: 'a.b:25'}", ":2: email: it needs the key 'sender'"),
        ("channels:\n  email: {server: 'a.b:25', sender: 'a@b.c', security: none}", "on this machine only"),
        ("channels:\n  email: {server: a.b, sender: 'a@b.c'}", "must be host:port"),
        ("channels:\n  email: {server: 'a.b:25', sender: nobody}", "the sender must be an address"),
        ("channels:\n  erp: {url: 'https://a.b'}", ":2: erp: write `type:`"),
        ("channels:\n  webhook: {url: 'http://a.b'}", ":2: webhook: webhook: url must begin with https://"),
        ("channels:\n  webhook: {url: 'https://['}", "must begin with https://"),
        ("channels:\n  sms: {url: 'https://a.b'}", "needs the key 'body'"),
        ("channels:\n  sms: {body: {a: b}}", "needs the key 'url'"),
        ("channels:\n  alert_webhook: {type: webhook, url: 'https://a.b'}", "belongs to the alerts"),
        ("channels:\n  webhook: {url: 'https://a.b', secret: {env: NOT_SET}}", "NOT_SET, which messages.yaml names"),
        ("channels:\n  webhook: {url: 'https://a.b', secret: {file: gone}}", "cannot be read: No such file"),
        ("channels:\n  webhook: {url: 'https://a.b', secret: {}}", "write {env: NAME} or {file: PATH}"),
        ("kinds:\n  late:\n    max_age_hours: soon", ":3: kinds.late.max_age_hours: it must be a number."),
        ("kinds:\n  latte: {off: true}", ":2: kinds: there is no kind of message 'latte'; did you mean 'late'?"),
        ("kinds:\n  late: {channels: fax}", ":2: late: there is no channel 'fax'"),
        ("portal_url: http://example.com", ":1: portal_url: it must begin with https://"),
        ("language: deutsch", ":1: language: "),
        ("quiet_hours: {from: '25:00'}", ":1: quiet_hours.from: "),
        ("- a", ":1: a messages file starts with `channels:`."),
    ],
)
def test_mistake_is_named_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(OrderhouseError) as error:
        load(tmp_path, text)
    assert said in error.value.message
    assert error.value.message.startswith(str(tmp_path / "messages.yaml"))


def test_placeholders_are_replaced_once_and_only_within_texts() -> None:
    body = {"to": "{to}", "parts": ["a {text} b", 5, None, {"id": "{message_id}"}], "kept": "{other} { }"}
    values = {"to": "+49", "text": 'say "{to}"', "message_id": "m"}
    assert filled(body, values) == {
        "to": "+49",
        "parts": ['a say "{to}" b', 5, None, {"id": "m"}],
        "kept": "{other} { }",
    }
