"""Tests of messages to customers, from the published version to the mail server."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from orderhouse.messages.outbox import list_messages
from orderhouse.messages.service import deliver_messages, derive_messages
from orderhouse.operations.store import Store, open_store
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import run_lock
from orderhouse.vault.vault import open_vault

from tests.messages.home import ERIKA, configure, order, parcel, point_at, publish, settle
from tests.messages.making import NOW
from tests.messages.sinks import MailSink

SWITCHED_ON = NOW - timedelta(days=1)
SHIPPED = parcel("S1", "OH-1")


@pytest.fixture
def home(settings: Settings, mail: MailSink) -> Settings:
    """Return a home whose mail server was switched on a day ago."""
    settle(settings)
    configure(settings, mail.server)
    derive_messages(settings, now=SWITCHED_ON)
    deliver_messages(settings, now=SWITCHED_ON)
    return settings


def told(settings: Settings, now: datetime = NOW) -> int:
    """Derive and deliver, and return the number of messages that were sent."""
    derive_messages(settings, now=now)
    result, closed = deliver_messages(settings, now=now)
    assert not closed and not result.errors
    return result.sent


def states(settings: Settings) -> dict[str, tuple[str, str | None]]:
    """Return state and reason of each message by its kind and occasion."""
    return {
        f"{message.kind} {message.subject_id} {message.occasion}".strip(): (message.state, message.reason)
        for message in list_messages(open_store(settings))
    }


def switch_on(settings: Settings) -> None:
    """Publish nothing new, and note that the channel is on since yesterday."""
    derive_messages(settings, now=SWITCHED_ON)


def test_order_and_each_of_its_parcels_are_told_once(home: Settings, mail: MailSink) -> None:
    publish(home, order("OH-1"))
    switch_on(home)
    assert told(home) == 1
    publish(home, order("OH-1"), SHIPPED, parcel("S2", "OH-1"), number=2)
    assert told(home) == 2
    assert told(home) == 0
    titles = [str(message["Subject"]) for _, message in mail.got]
    assert titles == ["Wir haben Ihre Bestellung OH-1 erhalten", *["Ein Paket Ihrer Bestellung OH-1 ist unterwegs"] * 2]
    recipients, first = mail.got[0]
    assert recipients == [ERIKA]
    text = first.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Guten Tag Erika Muster," in text and '- 1 × Kettle & "lid" <steel>' in text
    assert "59,91\xa0€" in text and "3. April 2026" in text
    html = first.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Kettle &amp; &#34;lid&#34; &lt;steel&gt;" in html
    assert html.count("https://track.example.com/track/00000000OH-1") == 2


def test_nothing_personal_is_stored(home: Settings, store: Store) -> None:
    publish(home, order("OH-1"), SHIPPED)
    switch_on(home)
    assert told(home) == 2
    stored = "".join(message.as_json() for message in list_messages(store))
    for value in ("erika", "muster", "+49170"):
        assert value not in stored.lower()


def test_rerun_rollback_and_a_state_entered_again_tell_nothing_new(home: Settings) -> None:
    publish(home, order("OH-1", is_late="true", late_at="2026-03-31 09:10:00"))
    switch_on(home)
    assert told(home) == 2
    publish(home, order("OH-1"), number=2)
    assert told(home) == 0
    point_at(home, 1)
    assert told(home) == 0
    publish(home, order("OH-1", is_late="true", late_at="2026-03-31 09:50:00"), number=3)
    assert told(home) == 0


def test_another_new_date_is_told_and_a_former_one_is_not(home: Settings, mail: MailSink) -> None:
    late = order("OH-1", is_late="true", late_at="2026-03-31 09:10:00", placed_at="2026-03-20")
    for number, day in enumerate(("2026-04-02", "2026-04-03", "2026-04-02"), 1):
        publish(home, late, parcel("S1", "OH-1", shipped_at="2026-03-21", estimated_delivery_at=day), number=number)
        if number == 1:
            switch_on(home)
        told(home)
    assert len(mail.got) == 2
    assert "Freitag, 3. April 2026" in str(mail.got[1][1].get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_what_happened_before_the_switch_is_listed_and_never_sent(settings: Settings, mail: MailSink) -> None:
    settle(settings)
    publish(settings, order("OH-1"), order("OH-2", placed_at="2026-03-29 10:00:00"))
    derive_messages(settings, now=NOW)
    assert states(settings) == {
        "order_confirmation OH-1": ("held", "no channel"),
        "order_confirmation OH-2": ("suppressed", "it was too old when it became known"),
    }
    configure(settings, mail.server)
    assert told(settings) == 0
    assert states(settings)["order_confirmation OH-1"] == ("suppressed", "before the channel was switched on")
    publish(settings, order("OH-1"), order("OH-3"), order("OH-4", placed_at="2026-03-31 10:00:01"), number=2)
    assert told(settings) == 1
    assert states(settings)["order_confirmation OH-3"] == ("suppressed", "before the channel was switched on")
    assert not any("OH-1" in str(message["Subject"]) for _, message in mail.got)


def test_channel_that_is_switched_off_and_on_again_begins_anew(home: Settings, mail: MailSink) -> None:
    publish(home, order("OH-1"))
    switch_on(home)
    configure(home)
    derive_messages(home, now=NOW)
    assert states(home)["order_confirmation OH-1"] == ("held", "no channel")
    configure(home, mail.server)
    assert told(home) == 0
    assert states(home)["order_confirmation OH-1"][0] == "suppressed"


def test_erased_person_gets_nothing(home: Settings, mail: MailSink) -> None:
    publish(home, order("OH-1"), order("OH-2", "ana"))
    switch_on(home)
    derive_messages(home, now=NOW)
    with open_vault(home) as vault:
        (token,) = [message.recipient for message in list_messages(open_store(home)) if message.order_id == "OH-1"]
        vault.erase([token])
    assert told(home) == 1
    assert states(home)["order_confirmation OH-1"] == ("suppressed", "the person was erased")
    assert [recipients for recipients, _ in mail.got] == [["ana@example.com"]]


def test_message_that_is_no_longer_true_is_dropped(home: Settings, mail: MailSink) -> None:
    publish(home, order("OH-1"), SHIPPED)
    switch_on(home)
    derive_messages(home, now=NOW)
    publish(home, order("OH-1", order_status="cancelled", cancelled_at="2026-03-31 09:45:00", cancelled_quantity=1),
            parcel("S1", "OH-1", outcome="cancelled"), number=2)  # fmt: skip
    assert told(home) == 1
    assert states(home)["order_confirmation OH-1"] == ("suppressed", "it is no longer true")
    assert [str(message["Subject"]) for _, message in mail.got] == ["Ihre Bestellung OH-1 wurde storniert"]


def test_parcel_that_arrived_meanwhile_is_told_as_delivered_alone(home: Settings, mail: MailSink) -> None:
    publish(home, order("OH-1", placed_at="2026-03-20"), SHIPPED)
    switch_on(home)
    derive_messages(home, now=NOW)
    arrived = parcel("S1", "OH-1", outcome="delivered", delivered_at="2026-03-31 09:40:00")
    publish(home, order("OH-1", placed_at="2026-03-20"), arrived, number=2)
    assert told(home) == 1
    assert "zugestellt" in str(mail.got[0][1]["Subject"])


def test_message_of_a_version_that_was_rolled_back_waits_for_it(home: Settings) -> None:
    publish(home, number=1)
    switch_on(home)
    publish(home, order("OH-1"), number=2)
    derive_messages(home, now=NOW)
    point_at(home, 1)
    assert told(home) == 0
    assert states(home)["order_confirmation OH-1"] == ("pending", None)
    point_at(home, 2)
    assert told(home, NOW + timedelta(minutes=11)) == 1


def test_quiet_hours_of_the_customers_country_are_kept(home: Settings, mail: MailSink) -> None:
    # At 10:00 UTC it is 19:00 in Tokyo, and at 13:00 it is 22:00; the order's language is Portuguese.
    night = NOW + timedelta(hours=3)
    publish(home, order("OH-1", "ana", ship_country="JP", placed_at="2026-03-20"), SHIPPED)
    switch_on(home)
    assert told(home, night) == 0
    assert states(home)["dispatched S1"] == ("pending", None)
    assert told(home, night + timedelta(hours=9, minutes=59)) == 0
    assert told(home, night + timedelta(hours=10)) == 1
    assert "a caminho" in str(mail.got[0][1]["Subject"])


def test_confirmation_of_an_order_does_not_wait_for_the_morning(home: Settings) -> None:
    publish(home, order("OH-1", "ana", ship_country="JP"))
    switch_on(home)
    assert told(home, NOW + timedelta(hours=3)) == 1


def test_feedback_is_asked_days_later_with_consent_and_only_if_all_is_well(home: Settings) -> None:
    arrived = {"placed_at": "2026-03-20", "delivered_at": "2026-03-31 09:00:00", "open_quantity": 0}
    no_consent = "update marts.dim_customers set has_marketing_consent = false where customer_key = 'ana'"
    stories = (order("OH-1", **arrived), order("OH-2", "ana", **arrived), order("OH-3", "ravi", **arrived), no_consent)
    publish(home, *stories)
    switch_on(home)
    assert told(home) == 0
    publish(home, *stories, "insert into marts.fct_feedback values ('OH-3')", number=2)
    assert told(home, NOW + timedelta(days=5, hours=-2)) == 0
    assert told(home, NOW + timedelta(days=5)) == 1
    assert states(home) == {
        "feedback_asked OH-1": ("sent", None),
        "feedback_asked OH-3": ("suppressed", "it is no longer true"),
    }


def test_while_a_run_has_the_vault_messages_wait(home: Settings) -> None:
    publish(home, order("OH-1"))
    switch_on(home)
    derive_messages(home, now=NOW)
    with run_lock(home, "run"):
        assert deliver_messages(home, now=NOW)[0].is_busy
    assert told(home) == 1


def test_text_of_a_customer_cannot_add_a_recipient_or_a_header(home: Settings, mail: MailSink) -> None:
    publish(home, order("OH-1", "ravi"))
    switch_on(home)
    assert told(home) == 1
    (recipients, message) = mail.got[0]
    assert recipients == ["ravi@example.com"]
    assert message["Bcc"] is None


def test_short_message_goes_to_the_telephone_and_only_there_where_there_is_one(
    home: Settings, mail: MailSink, http: object
) -> None:
    address = http.address  # type: ignore[attr-defined]
    configure(
        home,
        mail.server,
        f"  sms: {{url: '{address}', body: {{to: '{{to}}', text: '{{text}}'}}}}\n"
        "kinds:\n  order_confirmation: {channels: [sms, email]}\n",
    )
    publish(home, order("OH-1"), order("OH-2", "ana"))
    switch_on(home)
    assert told(home) == 3
    [(_, body)] = http.got  # type: ignore[attr-defined]
    assert body["to"] == "+491701"
    assert body["text"].startswith("Bestellung OH-1 erhalten, Gesamtbetrag 59,91")


def test_kind_that_is_off_is_not_told(home: Settings, mail: MailSink) -> None:
    configure(home, mail.server, "kinds:\n  order_confirmation: {off: true}\n")
    publish(home, order("OH-1"))
    switch_on(home)
    assert told(home) == 0
    assert states(home) == {}


CANCELLED = {"order_status": "cancelled", "cancelled_quantity": 1, "cancelled_at": "2026-03-31 09:40:00"}


def cancelling(number: int, *, tells: bool, at: str = "2026-03-31 09:40:00", **columns: str) -> str:
    """Return the statement that inserts an accepted cancellation by an operator."""
    given = {"action_id": f"a-{number}", "order_id": "OH-1", "kind": "cancel", "occurred_at": at, **columns}
    values = ", ".join(f"'{value}'" for value in given.values())
    return f"insert into ops.actions ({', '.join(given)}, tells_customer) values ({values}, {tells})"


@pytest.mark.parametrize(
    ("acts", "state"),
    [
        ([cancelling(1, tells=False)], "suppressed"),
        ([cancelling(1, tells=True)], "sent"),
        # The source confirms with a row of its own, at a later instant.
        ([cancelling(1, tells=False, at="2026-03-31 09:30:00", confirmed_at="2026-03-31 09:40:00")], "suppressed"),
        # More was cancelled after the operator's decision.
        ([cancelling(1, tells=False, at="2026-03-31 09:30:00")], "sent"),
        ([cancelling(1, tells=False, at="2026-03-31 09:30:00"), cancelling(2, tells=True)], "sent"),
    ],
)
def test_operator_decides_if_the_customer_is_told_of_a_cancellation(
    home: Settings, acts: list[str], state: str
) -> None:
    publish(home, order("OH-1", **CANCELLED), *acts)
    told(home)
    reason = "operator asked not to tell" if state == "suppressed" else None
    assert states(home)["cancelled OH-1 whole"] == (state, reason)


def test_what_an_operator_asks_not_to_tell_is_withheld_also_if_it_was_waiting(home: Settings) -> None:
    publish(home, order("OH-1", **CANCELLED))
    derive_messages(home, now=NOW)
    publish(home, order("OH-1", **CANCELLED), cancelling(1, tells=False), number=2)
    deliver_messages(home, now=NOW)
    assert states(home)["cancelled OH-1 whole"] == ("suppressed", "operator asked not to tell")
