"""Schedules after a restore: nothing is made or sent until an operator releases it."""

from __future__ import annotations

import contextlib

from orderhouse.cli.application import run_command
from orderhouse.messages.outbox import list_messages
from orderhouse.operations.store import Store
from orderhouse.schedules.running import has_work, run_due
from orderhouse.schedules.states import list_runs
from orderhouse.settings import Settings
from orderhouse.storage.home_identity import begin_epoch, claim
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.vault import open_vault

from tests.messages.sinks import MailSink
from tests.schedules.conftest import WriteSchedules, deliver
from tests.schedules.times import DAY, MONDAY, START

MORNING = "morning: {role: operator, cron: 0 8 * * *, worklist: all, recipients: [ann@example.com]}"


def restored(settings: Settings, store: Store, write_schedules: WriteSchedules) -> None:
    """Store one digest that is not sent, and begin an epoch as a restore does."""
    with open_vault(settings) as vault, contextlib.closing(open_raw(settings)) as raw:
        claim(raw, vault.keys.fingerprint)
    write_schedules(MORNING)
    run_due(settings, now=START)
    assert run_due(settings, now=MONDAY).ended[0].state == "done"
    with open_vault(settings) as vault, contextlib.closing(open_raw(settings)) as raw:
        begin_epoch(raw, vault.keys.fingerprint, "restored")
    assert "restored from a backup" in run_due(settings, now=MONDAY + DAY).waits
    assert deliver(settings, MONDAY).sent == 0
    assert [run.state for run in list_runs(store)] == ["due", "done"]
    assert not has_work(settings, MONDAY + DAY), "no run is started in vain"


def release(settings: Settings, option: str) -> None:
    address = settings.operations_url
    assert address is None, "the command reads the settings of the home"
    assert run_command(["--home", str(settings.home), "messages", "release", option]) == 0


def test_after_a_release_what_waited_is_sent(
    home: Settings, store: Store, mail: MailSink, write_schedules: WriteSchedules
) -> None:
    if home.operations_url is not None:
        return  # the command is the same
    restored(home, store, write_schedules)
    release(home, "--send")
    assert has_work(home, MONDAY + DAY)
    assert [run.state for run in run_due(home, now=MONDAY + DAY).ended] == ["done"]
    assert deliver(home, MONDAY + DAY).sent == 1, "the older one is older than a digest may be"
    assert len(mail.got) == 1


def test_what_is_withheld_is_not_made_up_for(
    home: Settings, store: Store, mail: MailSink, write_schedules: WriteSchedules
) -> None:
    if home.operations_url is not None:
        return  # the command is the same
    restored(home, store, write_schedules)
    release(home, "--withhold")
    assert run_due(home, now=MONDAY + DAY).ended == ()
    assert deliver(home, MONDAY + DAY).sent == 0 and mail.got == []
    assert [run.state for run in list_runs(store)] == ["dropped", "done"]
    assert [message.state for message in list_messages(store, kind="digest")] == ["suppressed"]
