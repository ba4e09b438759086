"""Hand-over to the outbox: one message for each recipient, which carries a hash in place of the address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import Configuration, load_configuration
from orderhouse.messages.delivering import Decision, Later, Never, Prepared
from orderhouse.messages.deriving import channel_of
from orderhouse.messages.endpoints import NO_CHANNEL
from orderhouse.messages.locales import locale_of
from orderhouse.messages.operators import operator_mail
from orderhouse.messages.outbox import Message, NewMessage
from orderhouse.messages.sending import Attachment, Refused
from orderhouse.schedules.making import REPORT, files_of
from orderhouse.schedules.schedule import Schedule, recipient_key
from orderhouse.schedules.schedules_file import load_schedules
from orderhouse.serve.publishing import current_version
from orderhouse.settings import Settings

__all__ = ["DIGEST", "Operators", "messages_of"]

DIGEST = "digest"
SUBJECT = "schedule"
# Age above which a message is of no use any more.
MAX_AGE = {DIGEST: timedelta(hours=24), REPORT: timedelta(days=7)}
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Time after which a message is tried again whose file has a mistake.
MISTAKEN = timedelta(minutes=10)
GONE = "the address is no longer a recipient in schedules.yaml"


def messages_of(
    configuration: Configuration,
    schedule: Schedule,
    kind: str,
    due_at: datetime,
    payload: Mapping[str, Any],
    now: datetime,
) -> Iterator[NewMessage]:
    """Yield the messages of a run, one for each recipient; one for an endpoint that needs no address.

    Args:
        configuration: Configuration of messages.
        schedule: The schedule.
        kind: `digest` or `report`, also the name of the template.
        due_at: The due instant, which with the schedule and the recipient is the key.
        payload: Values of the text.
        now: The present instant, from which the message ages: one that was missed is late, and not old.
    """
    route = configuration.routes.get(schedule.channel)
    for key in [recipient_key(each) for each in schedule.recipients] or [schedule.name]:
        yield NewMessage(
            kind=kind,
            subject_type=SUBJECT,
            subject_id=schedule.name,
            occasion=f"{due_at.isoformat()}|{key}",
            channel=channel_of(schedule.channel, configuration),
            endpoint=schedule.channel,
            audience="operators",
            recipient=key,
            locale=locale_of(schedule.language, None, configuration.language),
            template=kind,
            payload=payload,
            occurred_at=due_at,
            expires_at=now + MAX_AGE[kind],
            state="pending" if route else "held",
            reason=None if route else NO_CHANNEL,
        )


class Operators:
    """Preparer of messages to operators: their text, and the addresses that `schedules.yaml` has now."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(self, messages: Sequence[Message], now: datetime) -> dict[str, Decision]:
        """Return a decision for each message. A mistake in the file leaves all of them for later."""
        if not messages:
            return {}
        try:
            schedules = {each.name: each for each in load_schedules(self.settings)}
        except OrderhouseError:
            return {message.message_id: Later(now + MISTAKEN) for message in messages}
        configuration = load_configuration(self.settings)
        version = current_version(self.settings)
        zone = version.business_time_zone if version else "UTC"
        return {
            message.message_id: self._prepared(configuration, schedules.get(message.subject_id), message, zone)
            for message in messages
        }

    def _prepared(
        self, configuration: Configuration, schedule: Schedule | None, message: Message, zone: str
    ) -> Decision:
        addresses = {recipient_key(each): each for each in schedule.recipients} if schedule else {}
        needs_none = schedule is not None and message.recipient == schedule.name
        if not needs_none and message.recipient not in addresses:
            return Never(GONE)
        to = () if needs_none else (addresses[message.recipient],)
        try:
            files = self._files(message) if message.kind == REPORT else ()
            outgoing, version = operator_mail(configuration, message, zone, to, files)
        except OrderhouseError as error:
            return Refused(error.message)
        except OSError as error:
            return Refused(f"A file of the report cannot be read: {error.strerror}.")
        return Prepared(outgoing, version)

    def _files(self, message: Message) -> tuple[Attachment, ...]:
        return tuple(
            Attachment(path.name, MEDIA_TYPES[path.suffix], path.read_bytes())
            for path in files_of(self.settings, message.payload)
        )
