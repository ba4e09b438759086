"""Tests of the commands about messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.cli.messages import tell_of_messages
from orderhouse.messages.endpoints import endpoint_states
from orderhouse.messages.outbox import find_message
from orderhouse.messages.service import derive_messages
from orderhouse.operations.audit_log import entries
from orderhouse.operations.store import open_store
from orderhouse.settings import Settings

from tests.messages.home import configure, order, publish, settle
from tests.messages.making import new, put
from tests.messages.sinks import MailSink

# The commands go by the clock of the machine.
NOW = datetime.now(UTC)
TODAY = f"{NOW - timedelta(minutes=30):%Y-%m-%d %H:%M:%S}"


@pytest.fixture
def home(tmp_path: Path, mail: MailSink) -> Settings:
    settings = Settings(home=tmp_path)
    settle(settings)
    configure(settings, mail.server)
    derive_messages(settings, now=NOW - timedelta(days=1))
    publish(settings, order("OH-1", placed_at=TODAY), as_of=f"{NOW:%Y-%m-%d %H:%M:%S.%f}")
    return settings


def command(settings: Settings, *words: str) -> int:
    return run_command(["--home", str(settings.home), "messages", *words])


def test_message_is_sent_listed_and_shown(home: Settings, mail: MailSink, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(home, "send") == 0
    assert len(mail.got) == 1
    assert "1 message sent" in capsys.readouterr().out
    assert command(home, "list", "--state", "sent") == 0
    shown = capsys.readouterr().out
    assert "OH-1" in shown and "1 sent." in shown
    ((_, mailed),) = mail.got
    message_id = str(mailed["Message-ID"]).strip("<>").split("@")[0]
    assert command(home, "show", message_id[:8]) == 0
    shown = capsys.readouterr().out
    assert "Wir haben Ihre Bestellung OH-1 erhalten" in shown and "Guten Tag …," in shown
    assert "Erika" not in shown


def test_unknown_words_are_named(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(home, "list", "--state", "sennt") == 2
    assert "did you mean 'sent'?" in capsys.readouterr().err
    assert command(home, "show", "nothing") == 2
    assert "There is no message 'nothing'" in capsys.readouterr().err


def test_only_a_message_that_failed_is_tried_again(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(home)
    put(store, new(1, state="failed"), new(2))
    assert command(home, "retry", new(2).message_id) == 2
    assert "Only one that failed" in capsys.readouterr().err
    assert command(home, "retry", new(1).message_id) == 0
    assert find_message(store, new(1).message_id).state == "pending"
    assert [entry.action for entry in entries(home)] == ["message_retry"]


def test_channel_goes_on_after_it_was_tested(
    home: Settings, mail: MailSink, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(home, "pause", "email") == 0
    assert command(home, "send") == 0
    assert mail.got == []
    configure(home, "127.0.0.1:9")
    assert command(home, "resume", "email") == 2
    assert "email stays paused." in capsys.readouterr().err
    assert endpoint_states(open_store(home))["email"].paused_at is not None
    configure(home, mail.server)
    assert command(home, "resume", "email") == 0
    assert len(mail.got) == 1
    assert command(home, "resume", "mail") == 2
    assert "There is no channel 'mail'" in capsys.readouterr().err


def test_check_names_mistakes_and_fails(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(home, "check") == 0
    own = home.home / "messages" / "de" / "late.txt"
    own.parent.mkdir(parents=True)
    own.write_text("{% block subject %}{{ nmae }}{% endblock %}")
    assert command(home, "check") == 2
    assert f"{own}:1: there is no variable 'nmae'; did you mean 'name'?" in capsys.readouterr().out.replace("\n", "")


def test_mistake_in_the_file_is_a_sentence(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    (home.home / "messages.yaml").write_text("channels: []\n")
    for words in (("send",), ("check",), ("resume", "email")):
        assert command(home, *words) == 2
        assert "messages.yaml:1: channels: " in capsys.readouterr().err


def test_run_tells_of_dry_runs_and_sends_where_a_channel_is_on(
    home: Settings, mail: MailSink, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(home)
    derive_messages(home)
    tell_of_messages(home)
    assert "1 message waiting (dry run)." in capsys.readouterr().out
    assert mail.got == []
    (home.home / "messages.yaml").write_text("channels: []\n")
    tell_of_messages(home)
    assert "Messages were not sent: " in capsys.readouterr().out
    configure(home, mail.server)
    derive_messages(home)
    publish(home, order("OH-2", placed_at=f"{datetime.now(UTC) + timedelta(seconds=5):%Y-%m-%d %H:%M:%S}"),
            number=2, as_of=f"{NOW:%Y-%m-%d %H:%M:%S.%f}")  # fmt: skip
    derive_messages(home)
    tell_of_messages(home)
    assert "1 message sent" in capsys.readouterr().out
    assert "OH-2" in str(mail.got[0][1]["Subject"])
