"""Worklists: what a role sees, counted and summed as the page does it, once for each due time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import duckdb
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.messages.outbox import Message, list_messages
from orderhouse.operations.store import Store
from orderhouse.schedules.running import has_work, run_due, run_now
from orderhouse.schedules.states import last_runs
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

from tests.dashboards.published_home import publish
from tests.messages.sinks import MailSink
from tests.schedules.conftest import WriteSchedules, deliver
from tests.schedules.times import DAY, MONDAY, START

MORNING = "morning: {role: operator, cron: 0 8 * * *, worklist: all, recipients: [ann@example.com, bob@example.com]}"
ROLES = "roles: {south: {tables: [all], rows: {channel: [web]}}, blind: {tables: [ops.orders]}}\n"


def rows(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with open_reader(settings) as reader:
        return reader.execute(sql).fetchall()


def digests(store: Store) -> list[Message]:
    return list_messages(store, kind="digest")


def test_a_worklist_has_counts_and_sums_of_the_role_and_the_worst_first(
    home: Settings, store: Store, write_schedules: WriteSchedules
) -> None:
    write_schedules(MORNING)
    run_now(home, "morning", now=MONDAY)
    payload = digests(store)[0].payload
    expected = rows(
        home,
        "select code, severity, count(*), sum(amount_at_stake_reporting) from ops.exceptions where is_in_worklist "
        "group by all",
    )
    assert {(each["code"], each["severity"], each["count"], each["amount"]) for each in payload["codes"]} == {
        (code, severity, count, None if amount is None else format(amount, "f"))
        for code, severity, count, amount in expected
    }
    ((count, amount),) = rows(
        home, "select count(*), sum(amount_at_stake_reporting) from ops.exceptions where is_in_worklist"
    )
    assert (payload["count"], Decimal(payload["amount"]), payload["currency"]) == (count, amount, "EUR")
    ranks = {"critical": 0, "high": 1, "medium": 2, "low": 3}
    order = [(ranks[each["severity"]], -Decimal(each["amount"] or 0)) for each in payload["worst"]]
    assert order == sorted(order) and len(order) == 10
    assert payload["more_count"] == payload["count"] - 10
    assert payload["new_count"] is None, "there was no earlier list"
    assert payload["worst"][0]["url"].startswith("https://pages.example.com/exceptions?exception=")


def test_a_role_with_filtered_rows_is_told_of_its_rows_alone(
    home: Settings, store: Store, write_schedules: WriteSchedules
) -> None:
    (home.home / "access.yaml").write_text(ROLES, encoding="utf-8")
    write_schedules(MORNING.replace("operator", "south"))
    assert run_now(home, "morning", now=MONDAY).ended[0].state == "done"
    ((web,),) = rows(
        home,
        "select count(*) from ops.exceptions inner join ops.orders using (order_id) "
        "where is_in_worklist and channel = 'web'",
    )
    ((everything,),) = rows(home, "select count(*) from ops.exceptions where is_in_worklist")
    assert digests(store)[0].payload["count"] == web
    assert 0 < int(str(web)) < int(str(everything))


def test_a_worklist_of_a_team_has_its_exceptions_alone(
    home: Settings, store: Store, write_schedules: WriteSchedules
) -> None:
    write_schedules(MORNING.replace("worklist: all", "worklist: [fulfilment]"))
    run_now(home, "morning", now=MONDAY)
    ((own,),) = rows(home, "select count(*) from ops.exceptions where is_in_worklist and owner = 'fulfilment'")
    payload = digests(store)[0].payload
    assert payload["count"] == own
    assert payload["url"] == "https://pages.example.com/exceptions?owner=fulfilment"


def test_new_is_what_the_last_list_did_not_tell(home: Settings, store: Store, write_schedules: WriteSchedules) -> None:
    write_schedules(MORNING)
    run_now(home, "morning", now=MONDAY)
    first = digests(store)[0].payload["count"]
    path = publish(home.home, number=2)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "insert into marts.fct_exceptions select * replace ('brand-new' as exception_id, 'critical' as severity, "
            "99999 as amount_at_stake_reporting) from marts.fct_exceptions limit 1"
        )
    run_now(home, "morning", now=MONDAY + DAY)
    payload = digests(store)[0].payload
    assert (payload["count"], payload["new_count"]) == (first + 1, 1)
    assert [each["is_new"] for each in payload["worst"]] == [True] + [False] * 9
    assert sum(each["new_count"] for each in payload["codes"]) == 1


def test_each_recipient_gets_one_mail_and_the_store_holds_no_address(
    home: Settings, store: Store, mail: MailSink, write_schedules: WriteSchedules
) -> None:
    write_schedules(MORNING)
    run_now(home, "morning")
    assert deliver(home).sent == 2
    assert sorted(to for to, _ in mail.got) == [["ann@example.com"], ["bob@example.com"]]
    subject = str(mail.got[0][1]["Subject"])
    assert subject == f"Morning: {digests(store)[0].payload['count']} open"
    html = mail.got[0][1].get_body(("html",))
    assert html is not None and '<a href="https://pages.example.com/exceptions?code=' in html.get_content()
    stored = "".join(message.as_json() for message in digests(store))
    assert "ann@" not in stored and "bob@" not in stored


def test_nothing_is_sent_if_nothing_is_open_unless_it_is_asked_for(
    home: Settings, store: Store, write_schedules: WriteSchedules
) -> None:
    publish(home.home, number=2, empty=True)
    write_schedules(MORNING, MORNING.replace("morning", "always").replace("}", ", if_empty: send}"))
    assert run_now(home, "morning", now=MONDAY).ended[0].state == "empty"
    assert digests(store) == []
    assert run_now(home, "always", now=MONDAY).ended[0].state == "done"
    assert {message.payload["count"] for message in digests(store)} == {0}


def test_what_was_missed_while_nothing_ran_is_sent_once(
    home: Settings, store: Store, mail: MailSink, write_schedules: WriteSchedules
) -> None:
    write_schedules(MORNING)
    assert not has_work(home, START), "nothing is due for the time before the schedule"
    later = MONDAY + 3 * DAY
    assert has_work(home, later)
    assert [run.due_at for run in run_due(home, now=later).ended] == [later - timedelta(minutes=30)]
    assert run_due(home, now=later).ended == () and not has_work(home, later)
    assert len(digests(store)) == 2
    assert deliver(home, later).sent == 2 and len(mail.got) == 2
    assert [run.state for run in run_due(home, now=later + DAY).ended] == ["done"]


def test_other_due_times_begin_when_they_are_written(home: Settings, write_schedules: WriteSchedules) -> None:
    write_schedules(MORNING)
    run_due(home, now=START)
    write_schedules(MORNING.replace("0 8", "0 7"))
    assert run_due(home, now=MONDAY).ended == (), "seven o'clock was before the change became known"
    assert [run.state for run in run_due(home, now=MONDAY + DAY).ended] == ["done"]


def test_a_schedule_that_is_switched_off_or_removed_is_not_due(home: Settings, write_schedules: WriteSchedules) -> None:
    write_schedules(MORNING)
    run_due(home, now=START)
    assert has_work(home, MONDAY)
    write_schedules(MORNING.replace("}", ", enabled: false}"))
    (run,) = run_due(home, now=MONDAY).ended
    assert (run.state, run.sentence) == (
        "dropped", "The schedule was removed from schedules.yaml, or switched off, before it ran."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("gone", "access.yaml: there is no role 'gone'; did you mean"),
        ("blind", "The role blind does not see the table ops.exceptions, so it has no worklist."),
    ],
)
def test_a_role_that_is_gone_or_blind_ends_in_a_sentence(
    home: Settings, store: Store, write_schedules: WriteSchedules, role: str, sentence: str
) -> None:
    (home.home / "access.yaml").write_text(ROLES, encoding="utf-8")
    write_schedules(MORNING.replace("operator", role))
    (run,) = run_now(home, "morning", now=MONDAY).ended
    assert run.state == "failed" and sentence in (run.sentence or "")
    assert last_runs(store)["morning"].state == "failed" and digests(store) == []


def test_an_address_that_was_removed_gets_nothing_that_waits(
    home: Settings, store: Store, mail: MailSink, write_schedules: WriteSchedules
) -> None:
    write_schedules(MORNING)
    run_now(home, "morning")
    write_schedules(MORNING.replace(", bob@example.com", ""))
    result = deliver(home)
    assert (result.sent, result.withheld) == (1, 1)
    assert [to for to, _ in mail.got] == [["ann@example.com"]]


def test_a_broken_file_leaves_what_waits_for_later(
    home: Settings, store: Store, mail: MailSink, write_schedules: WriteSchedules
) -> None:
    write_schedules(MORNING)
    run_now(home, "morning")
    write_schedules("morning: nonsense")
    assert deliver(home).postponed == 2 and mail.got == []
    with pytest.raises(OrderhouseError, match=r"schedules.yaml:2: morning: it must be keys with values"):
        run_due(home)


def test_without_a_channel_the_digest_is_a_dry_run(settings: Settings, write_schedules: WriteSchedules) -> None:
    publish(settings.home)
    write_schedules(MORNING)
    (run,) = run_now(settings, "morning").ended
    assert run.state == "done" and "The channel is not configured, so they are held." in (run.sentence or "")


def test_nothing_is_due_before_a_version_is_published(settings: Settings, write_schedules: WriteSchedules) -> None:
    write_schedules(MORNING)
    assert not has_work(settings, MONDAY)
    assert run_due(settings, now=MONDAY).waits == "Nothing is published yet."
    with pytest.raises(OrderhouseError, match="Nothing is published yet"):
        run_now(settings, "morning")
