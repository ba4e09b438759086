"""Preparation of messages to customers: judged again, addressed from the vault, in their language, not in quiet hours.

Actions to other systems need the vault and the gate as well; see `write_back`. Messages to operators need the gate,
and their preparer is given. A closed gate or a busy run leaves all of them for later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from orderhouse.errors import OrderhouseError
from orderhouse.messages.campaigning import campaign_decision, campaign_state
from orderhouse.messages.configuration import FILE, Configuration
from orderhouse.messages.contacts import Contact, look_up
from orderhouse.messages.delivering import Decision, Later, Never, Prepared, Preparer, plain
from orderhouse.messages.deriving import SILENCED
from orderhouse.messages.judging import VERSION, judged
from orderhouse.messages.kinds import CAMPAIGN, kind_named
from orderhouse.messages.outbox import Message
from orderhouse.messages.quiet_hours import end_of_quiet
from orderhouse.messages.rule_messages import RULE, judged_by_rules, needs_consent_of
from orderhouse.messages.selecting import Fact, Published
from orderhouse.messages.sending import Outgoing, Refused
from orderhouse.messages.suppressions import Suppressions, suppressions_of
from orderhouse.messages.templates import find_template, render
from orderhouse.messages.unsubscribing import PATH, mark_of
from orderhouse.messages.values import values_of
from orderhouse.messages.write_back import (
    SentBack,
    actions_sent_back,
    prepare_actions,
    sources_with_channels,
    tokens_of,
)
from orderhouse.operations.store import Store
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys

__all__ = ["Customers", "prepared"]

ERASED = "the person was erased"
UNSUBSCRIBED = "the person has unsubscribed from this purpose"
# Time after which messages are looked at again that another part of the program prepares.
OTHERS = timedelta(minutes=1)


class Customers:
    """Preparer of messages to customers and other systems, and of those to the team that have no template.

    Attributes:
        settings: Settings of the home.
        store: The operations store.
        configuration: Configuration in force.
        published: The current version; None if there is none.
        operators: Preparer of messages to operators; without one they wait.
        zone: Business time zone.
        closed: Reason why customers are told nothing now, once that is known.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        configuration: Configuration,
        published: Published | None,
        operators: Preparer | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.configuration = configuration
        self.published = published
        self.operators = operators
        self.zone = published.version.business_time_zone if published else "UTC"
        self.closed = ""

    def __call__(self, messages: Sequence[Message], now: datetime) -> Mapping[str, Decision] | None:
        """Return a decision for each message; None while sending is paused, or a run has the vault."""
        own = [message for message in messages if message.audience == "customer"]
        system = [message for message in messages if message.audience == "system"]
        operators = [message for message in messages if message.audience == "operators"]
        found = plain([message for message in messages if message.audience == "team"], now)
        if not own and not system and not operators:
            return found
        facts = self._judged(own, now)
        waiting = [message for message in own if isinstance(facts[message.message_id], Fact)]
        actions = self._actions(system)
        looked_up = look_up(self.settings, self.store, waiting, tokens_of(actions))
        if looked_up is None or not looked_up.gate.is_open:
            self.closed = looked_up.gate.reason if looked_up else ""
            return None
        if system:
            sources = sources_with_channels(self.settings)
            found |= prepare_actions(self.published, system, actions, looked_up.texts, sources, now)
        prepared_for_operators = self.operators(operators, now) if self.operators else None
        found |= prepared_for_operators or {message.message_id: Later(now + OTHERS) for message in operators}
        suppressed = self._suppressed(waiting)
        states = campaign_state(self.store) if any(message.kind == CAMPAIGN.name for message in own) else {}
        for message in own:
            fact = facts[message.message_id]
            if isinstance(fact, Fact):
                stopped = campaign_decision(states, fact.occasion, now) if message.kind == CAMPAIGN.name else None
                contact = looked_up.contacts[message.message_id]
                found[message.message_id] = stopped or self._prepared(message, fact, contact, suppressed, now)
            else:
                found[message.message_id] = fact
        return found

    def _judged(self, messages: Sequence[Message], now: datetime) -> dict[str, Fact | Later | Never]:
        of_rules = [message for message in messages if message.kind.startswith(RULE)]
        others = [message for message in messages if not message.kind.startswith(RULE)]
        found = judged(self.published, others, now)
        return found | judged_by_rules(self.published, self.store, of_rules, now) if of_rules else found

    def _actions(self, messages: Sequence[Message]) -> list[SentBack]:
        if not messages or self.published is None:
            return []
        return actions_sent_back(self.published, ids=sorted({message.subject_id for message in messages}))

    def _suppressed(self, messages: Sequence[Message]) -> Suppressions:
        """Return who is not written to, if a message needs consent."""
        if not any(_is_marketing(self.configuration, message) for message in messages):
            return Suppressions({})
        return suppressions_of(self.settings, self.published.reader if self.published else None)

    def _prepared(
        self, message: Message, fact: Fact, contact: Contact, suppressed: Suppressions, now: datetime
    ) -> Decision:
        """Decide about one message whose facts hold."""
        if contact.is_erased:
            return Never(ERASED)
        if fact.is_silenced:
            return Never(SILENCED)
        address = contact.phone if message.channel == "sms" else contact.email
        if address is None and message.channel in ("email", "sms"):
            return Never("there is no address or number of the customer")
        is_marketing = _is_marketing(self.configuration, message)
        if is_marketing and not fact.has_consent:
            return Never("the customer has not agreed to marketing")
        if is_marketing and suppressed.holds(message.recipient, purpose_of(fact)):
            return Never(UNSUBSCRIBED)
        until = self._end_of_quiet(message, now)
        if until is not None:
            return Later(until)
        try:
            link = self._unsubscribe_link(message, fact) if is_marketing else None
            return prepared(self.configuration, message, fact, contact, self.zone, unsubscribe_url=link)
        except OrderhouseError as error:
            return Refused(error.message)

    def _unsubscribe_link(self, message: Message, fact: Fact) -> str | None:
        """Return the link that ends messages of this purpose. Without the address of the portal there is none."""
        portal = self.configuration.portal_url
        if portal is None:
            if message.kind == CAMPAIGN.name:
                raise OrderhouseError("messages.yaml has no portal_url, and no campaign goes without its link.")
            return None
        return f"{portal}{PATH}/{mark_of(load_keys(self.settings), message.recipient, purpose_of(fact))}"

    def _end_of_quiet(self, message: Message, now: datetime) -> datetime | None:
        own, kind = self.configuration.kinds.get(message.kind), kind_named(message.kind)
        keeps_quiet = kind.keeps_quiet if kind is not None else True
        if not (own.quiet_hours if own and own.quiet_hours is not None else keeps_quiet):
            return None
        zones = (message.time_zone or self.zone).split(",")
        return end_of_quiet(now, zones, self.configuration.quiet_hours)


def purpose_of(fact: Fact) -> str:
    """Return the purpose of a marketing message, from which people may unsubscribe."""
    return str(fact.payload.get("purpose", fact.kind))


def prepared(
    configuration: Configuration,
    message: Message,
    fact: Fact,
    contact: Contact,
    zone: str,
    *,
    unsubscribe_url: str | None = None,
) -> Prepared:
    """Return a message with its text.

    Args:
        configuration: Configuration in force.
        message: The message.
        fact: What it tells.
        contact: The person.
        zone: Business time zone.
        unsubscribe_url: Link that ends messages of this purpose; None if there is none.

    Raises:
        OrderhouseError: Its template has a mistake or does not exist.
    """
    locale = message.locale or configuration.language
    own = configuration.path.parent / FILE.removesuffix(".yaml")
    template = find_template(message.template or message.kind, locale, own, configuration.language)
    payload = {key: value for key, value in fact.payload.items() if key != VERSION}
    text = render(template, locale, zone, values_of(payload, configuration, contact.name, unsubscribe_url))
    to = contact.phone if message.channel == "sms" else contact.email
    outgoing = Outgoing(
        message_id=message.message_id,
        kind=message.kind,
        occurred_at=message.occurred_at,
        title=text.title,
        text=text.text,
        html=text.html,
        short=text.short,
        to=(to,) if to and message.channel in ("email", "sms") else (),
        data={**payload, "subject_type": message.subject_type, "subject_id": message.subject_id, "locale": locale},
        locale=locale,
        unsubscribe_url=unsubscribe_url,
    )
    return Prepared(outgoing, f"{template.language}/{template.version}")


def _is_marketing(configuration: Configuration, message: Message) -> bool:
    """Tell if a message needs consent to marketing. No file can free a campaign of it."""
    return message.kind == CAMPAIGN.name or needs_consent_of(configuration, message.template or message.kind)
