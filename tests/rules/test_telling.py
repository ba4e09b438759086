"""Tests of rules that write to customers: who is told, what speaks against it, and what is judged again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.messages.outbox import Message, list_messages
from orderhouse.messages.service import deliver_messages, derive_messages
from orderhouse.operations.store import open_store
from orderhouse.rules.firings import list_firings
from orderhouse.rules.running import preview_rules, run_rules
from orderhouse.rules.saving import save_rule
from orderhouse.settings import Settings

from tests.messages import home
from tests.messages.home import ERIKA, configure, order, settle
from tests.messages.making import NOW
from tests.messages.sinks import HttpSink, MailSink
from tests.rules.conftest import WriteRules

# Noon of Berlin, when nothing is quiet.
REMIND = """
remind:
  on: orders
  when: {field: order_status, eq: confirmed}
  then:
    - message: {template: payment_reminder, channel: email}
"""
MORE = """
kinds: {order_confirmation: {off: true}}
templates: {thanks: {}, note: {transactional: true}}
"""
# What rules look at besides the tables of messages.
TABLES = """
create table marts.as_of as select
    date '2026-03-31' as business_date, timestamp '2026-03-31 10:00' as as_of, 'Europe/Berlin' as business_time_zone;
create table marts.fct_customer_segments (customer_key varchar, scheme varchar, snapshot_date date, segment varchar);
alter table marts.dim_customers add column lifecycle varchar;
alter table marts.dim_customers add column orders_count bigint;
alter table marts.dim_customers add column net_spend_amount_reporting decimal(18, 4);
alter table ops.orders add column payment_status varchar;
alter table ops.orders add column fulfilment_status varchar;
alter table ops.orders add column delivery_status varchar;
alter table ops.orders add column due_amount_reporting decimal(18, 4);
"""
MESSAGE = "message: {template: payment_reminder, channel: email}"
NO_CONSENT = {"outcome": "refused", "why": "the customer has not agreed to marketing"}
OWN = """
{% block subject %}Danke, {{ name }}{% endblock %}{% block text %}{{ order_id }} nach {{ ship_country }}{% endblock %}
{% block short %}Danke{% endblock %}
"""


def publish(settings: Settings, *stories: str, number: int = 1) -> None:
    """Publish a version with the tables of rules."""
    home.publish(settings, TABLES, *stories, number=number)


@pytest.fixture
def mail() -> Iterator[MailSink]:
    """Run a mail server."""
    with MailSink() as sink:
        yield sink


@pytest.fixture
def settings(tmp_path: Path, mail: MailSink) -> Settings:
    """Return a home whose mail server was switched on a day ago."""
    chosen = Settings(home=tmp_path)
    settle(chosen)
    configure(chosen, mail.server, MORE)
    publish(chosen)
    deliver_messages(chosen, now=NOW - timedelta(days=1))
    return chosen


def of_rules(settings: Settings) -> list[Message]:
    """Return the messages of rules."""
    return [message for message in list_messages(open_store(settings)) if message.kind.startswith("rule.")]


def write_text(settings: Settings, name: str, body: str = OWN) -> None:
    """Write a text of the merchant's own."""
    path = settings.home / "messages" / "de" / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body, encoding="utf-8")
    path.with_name("..").joinpath("en").mkdir(exist_ok=True)
    (settings.home / "messages" / "en" / f"{name}.txt").write_text(body, encoding="utf-8")


def test_rule_writes_to_the_customer_once(settings: Settings, mail: MailSink, write_rules: WriteRules) -> None:
    write_rules(REMIND)
    publish(settings, order("OH-1"), number=2)
    assert run_rules(settings, now=NOW).fired == {"remind": 1}
    assert deliver_messages(settings, now=NOW)[0].sent == 1
    run_rules(settings, now=NOW + timedelta(days=1))
    assert deliver_messages(settings, now=NOW + timedelta(days=1))[0].sent == 0
    ((recipients, message),) = mail.got
    assert recipients == [ERIKA]
    assert message["Subject"] == "Die Zahlung Ihrer Bestellung OH-1 ist offen"
    (stored,) = of_rules(settings)
    assert (stored.subject_id, stored.template, stored.audience) == ("OH-1", "payment_reminder", "customer")
    assert ERIKA.lower() not in stored.as_json().lower()


def test_what_is_no_longer_true_is_not_sent(settings: Settings, mail: MailSink, write_rules: WriteRules) -> None:
    write_rules(REMIND)
    publish(settings, order("OH-1"), order("OH-2"), number=2)
    run_rules(settings, now=NOW)
    publish(settings, order("OH-1", order_status="closed"), order("OH-2"), number=3)
    run_rules(settings, now=NOW + timedelta(minutes=1))
    result = deliver_messages(settings, now=NOW + timedelta(minutes=2))[0]
    assert (result.sent, result.withheld) == (1, 1)
    reasons = {message.subject_id: message.reason for message in of_rules(settings)}
    assert reasons == {"OH-1": "it is no longer true", "OH-2": None}


def test_what_is_over_is_noted_in_quiet_hours_too(settings: Settings, write_rules: WriteRules) -> None:
    write_rules(REMIND + "  quiet_hours: 13:00-14:00\n")
    publish(settings, order("OH-1"), number=2)
    run_rules(settings, now=NOW)
    publish(settings, order("OH-1", order_status="closed"), number=3)
    assert run_rules(settings, now=NOW + timedelta(hours=1, minutes=30)).quiet == ["remind"]
    assert deliver_messages(settings, now=NOW + timedelta(hours=2))[0].withheld == 1


@pytest.mark.parametrize(
    ("template", "consents", "sent"), [("thanks", False, 0), ("thanks", True, 1), ("note", False, 1)]
)
def test_text_of_ones_own_needs_consent_unless_it_is_transactional(
    settings: Settings, mail: MailSink, write_rules: WriteRules, template: str, consents: bool, sent: int
) -> None:
    write_text(settings, template)
    write_rules(REMIND.replace("payment_reminder, channel: email", f"{template}, fields: [ship_country]"))
    publish(settings, order("OH-1"), f"update marts.dim_customers set has_marketing_consent = {consents}", number=2)
    run_rules(settings, now=NOW)
    assert deliver_messages(settings, now=NOW)[0].sent == sent
    (firing,) = list_firings(open_store(settings))
    outcome = {key: value for key, value in firing.outcomes[0].items() if key in ("outcome", "why")}
    assert outcome == ({"outcome": "queued"} if sent else NO_CONSENT)
    if sent:
        text = mail.got[0][1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert text.strip() == "OH-1 nach DE"


def test_consent_that_is_taken_back_counts_when_the_message_goes(settings: Settings, write_rules: WriteRules) -> None:
    write_text(settings, "thanks")
    write_rules(REMIND.replace("payment_reminder", "thanks, fields: [ship_country]"))
    publish(settings, order("OH-1"), number=2)
    run_rules(settings, now=NOW)
    publish(settings, order("OH-1"), "update marts.dim_customers set has_marketing_consent = false", number=3)
    deliver_messages(settings, now=NOW)
    (message,) = of_rules(settings)
    assert (message.state, message.reason) == ("suppressed", "the customer has not agreed to marketing")


def test_kind_of_message_is_sent_by_a_rule_with_its_facts(
    settings: Settings, mail: MailSink, write_rules: WriteRules
) -> None:
    write_rules(REMIND.replace("payment_reminder", "cancelled").replace("eq: confirmed", "in: [confirmed, cancelled]"))
    gone = order("OH-1", order_status="cancelled", cancelled_quantity=1, cancelled_at="2026-03-31 09:40:00")
    publish(settings, gone, order("OH-2"), number=2)
    run_rules(settings, now=NOW)
    assert deliver_messages(settings, now=NOW)[0].sent == 1
    assert "OH-1" in str(mail.got[0][1]["Subject"])
    outcomes = {firing.order_id: firing.outcomes[0].get("why") for firing in list_firings(open_store(settings))}
    assert outcomes == {"OH-1": None, "OH-2": "cancelled has nothing to tell of the order"}


def test_rule_about_customers_writes_to_them(settings: Settings, mail: MailSink, write_rules: WriteRules) -> None:
    write_text(settings, "note", OWN.replace("{{ order_id }} nach {{ ship_country }}", "{{ customer_key }}"))
    write_rules(
        """
        greet:
          on: customers
          when: {field: customer_key, eq: erika}
          then: {message: {template: note, fields: customer_key}}
        """
    )
    publish(settings, number=2)
    run_rules(settings, now=NOW)
    assert deliver_messages(settings, now=NOW)[0].sent == 1
    assert mail.got[0][0] == [ERIKA]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("message: {template: payment_remider}", "did you mean 'payment_reminder'?"),
        ("message: {template: delivered}", "is about a parcel"),
        ("message: {template: note}", "the text note names 'ship_country'; add it to `fields`"),
        ("message: {template: note, fields: [ship_land]}", "ship_country"),
        ("message: {}", "it has no `template`"),
    ],
)
def test_message_with_a_mistake_is_refused_with_its_line(
    settings: Settings, write_rules: WriteRules, step: str, sentence: str
) -> None:
    write_text(settings, "note")
    with pytest.raises(OrderhouseError, match=f"rules.yaml:[67].*{sentence.replace('?', '[?]')}"):
        preview_rules(settings, write_rules(REMIND.replace(MESSAGE, step)))


def test_rows_without_a_customer_are_refused(write_rules: WriteRules) -> None:
    with pytest.raises(OrderhouseError, match="positions have no customer"):
        write_rules(REMIND.replace("on: orders", "on: positions"))


def test_rule_with_an_unknown_text_is_not_saved(settings: Settings, write_rules: WriteRules) -> None:
    (rule,) = write_rules(REMIND.replace("payment_reminder", "nothing"))
    write_rules(REMIND)
    with pytest.raises(OrderhouseError, match="text"):
        save_rule(settings, rule, actor="tom", role="operator", seen=write_rules(REMIND)[0].version)


def test_webhook_carries_the_fields_that_are_chosen(settings: Settings, write_rules: WriteRules) -> None:
    with HttpSink() as sink:
        more = f"channels: {{erp: {{type: webhook, url: '{sink.address}'}}}}\n"
        (settings.home / "messages.yaml").write_text(more)
        write_rules(REMIND.replace(MESSAGE, "webhook: {to: erp, fields: [ship_country, due_amount]}"))
        publish(settings, order("OH-1"), number=2)
        derive_messages(settings, now=NOW)
        run_rules(settings, now=NOW)
        deliver_messages(settings, now=NOW)
        assert sink.got[0][1]["data"] == {
            "rule": "remind", "subject": "OH-1", "ship_country": "DE", "due_amount": "59.91"
        }  # fmt: skip
