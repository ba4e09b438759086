"""Tests of the release: after a restore, or the loss of the operations store, customers are told nothing unasked."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from orderhouse.cli.application import run_command
from orderhouse.messages.outbox import list_messages
from orderhouse.messages.service import deliver_messages, derive_messages
from orderhouse.monitoring.conditions import find_conditions
from orderhouse.operations.store import open_store
from orderhouse.operations.tables import METADATA
from orderhouse.settings import Settings
from orderhouse.storage.home_identity import begin_epoch
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.vault import open_vault

from tests.messages.home import configure, order, publish, settle
from tests.messages.making import NOW
from tests.messages.sinks import MailSink

LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def home(settings: Settings, mail: MailSink) -> Settings:
    """Return a home that has told of one order, and has another one to tell of."""
    settle(settings)
    configure(settings, mail.server)
    derive_messages(settings, now=NOW - timedelta(days=1))
    publish(settings, order("OH-1"))
    tell(settings)
    assert len(mail.got) == 1
    publish(settings, order("OH-1"), order("OH-2"), number=2)
    derive_messages(settings, now=NOW)
    return settings


def tell(settings: Settings) -> str:
    """Derive and deliver, and return why customers are told nothing."""
    derive_messages(settings, now=NOW)
    return deliver_messages(settings, now=LATER)[1]


def restore(settings: Settings) -> None:
    """Begin an epoch, as a restore does."""
    with open_vault(settings) as vault, contextlib.closing(open_raw(settings)) as raw:
        begin_epoch(raw, vault.keys.fingerprint, "restored")


def lose_store(settings: Settings) -> None:
    """Lose the rows of the operations store."""
    with open_store(settings).writing_all() as connection:
        for table in METADATA.sorted_tables:
            if table.name != "audit_log":
                connection.execute(table.delete())


def waiting(settings: Settings) -> list[str]:
    return [message.state for message in list_messages(open_store(settings), order_id="OH-2")]


def test_restored_home_sends_after_its_release_alone(home: Settings, mail: MailSink) -> None:
    restore(home)
    assert "restored from a backup" in tell(home)
    assert waiting(home) == ["pending"] and len(mail.got) == 1
    (paused,) = [each for each in find_conditions(home) if each.kind == "sending_paused"]
    assert "because the home was restored from a backup" in paused.message
    assert _command(home, "release") == 2
    assert len(mail.got) == 1
    assert _command(home, "release", "--send") == 0
    assert tell(home) == ""
    assert waiting(home) == ["sent"] and len(mail.got) == 2
    assert not any(each.kind == "sending_paused" for each in find_conditions(home))
    restore(home)
    publish(home, order("OH-1"), order("OH-2"), order("OH-3"), number=3)
    assert "restored from a backup" in tell(home)


def test_what_waits_may_be_withheld_for_good(home: Settings, mail: MailSink) -> None:
    restore(home)
    assert _command(home, "release", "--withhold") == 0
    publish(home, order("OH-1"), order("OH-2"), order("OH-3"), number=3)
    assert tell(home) == ""
    assert waiting(home) == ["suppressed"]
    assert [str(message["Subject"]).split()[-2] for _, message in mail.got] == ["OH-1", "OH-3"]


def test_lost_store_sends_nothing_again(home: Settings, mail: MailSink) -> None:
    lose_store(home)
    tell(home)
    assert len(mail.got) == 1
    assert {message.state for message in list_messages(open_store(home))} == {"suppressed"}
    publish(home, order("OH-9", placed_at="2026-03-31 10:05:00"), number=3)
    assert "was lost" in tell(home)
    assert len(mail.got) == 1
    assert _command(home, "release", "--send") == 0
    assert tell(home) == ""
    assert len(mail.got) == 2


def test_store_that_was_restored_with_a_home_that_never_sent_waits_too(settings: Settings, mail: MailSink) -> None:
    settle(settings)
    configure(settings, mail.server)
    derive_messages(settings, now=NOW - timedelta(days=1))
    publish(settings, order("OH-1"))
    derive_messages(settings, now=NOW)
    restore(settings)
    assert "restored from a backup" in tell(settings)
    assert mail.got == []


def _command(settings: Settings, *words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        if settings.operations_url is not None:
            patch.setenv("ORDERHOUSE_OPERATIONS_URL", settings.operations_url.get_secret_value())
        return run_command(["--home", str(settings.home), "messages", *words])
