"""Campaign of kills of the delivery: no message is lost, and what comes twice has the same id.

A unit is one outbox. Two workers deliver it to a mail server and a webhook that fail, close early and answer late. One
worker after the other is killed at a random moment and another one begins. Then all messages must have arrived, each
under one id, and those of one recipient in their order, whatever was repeated.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from orderhouse.messages.configuration import Route
from orderhouse.messages.delivering import Worker, plain
from orderhouse.messages.endpoints import switch
from orderhouse.messages.mail import MailEndpoint
from orderhouse.messages.outbox import list_messages
from orderhouse.messages.posting import WebhookEndpoint
from orderhouse.operations.store import Store, open_store
from orderhouse.settings import Settings

from tests.campaigns.record import carry_on, sums
from tests.messages.making import new, put
from tests.messages.sinks import Behaviour, HttpSink, MailSink
from tests.properties.killing import KILLED, ended, start

MESSAGES = 200
RECIPIENTS = 16
WORKERS = 2
# A worker that is killed holds its messages for so long; one that lives never needs the half of it.
LEASE = timedelta(seconds=8)
MARGIN = timedelta(seconds=4)
FIRST_WAIT = timedelta(milliseconds=30)
# Seconds within which a worker is killed.
MOMENTS = 0.7
PATIENCE = 120
NEVER = 1 << 30


def work(home: str, url: str, server: str) -> None:
    """Deliver until nothing is left. The process may be killed at any moment."""
    store = open_store(Settings(home=Path(home)))
    given = routes(url, server)
    with (
        mock.patch("orderhouse.messages.delivering.MARGIN", MARGIN),
        mock.patch("orderhouse.messages.backoff.FIRST", FIRST_WAIT),
        mock.patch("orderhouse.messages.delivering.FAILURES_PER_TURN", NEVER),
    ):
        while open_ones(store):
            states = switch(store, set(given), now=datetime.now(UTC))
            Worker(store, plain, lease=LEASE).deliver(given, states, batch=8)
            time.sleep(0.02)


def routes(url: str, server: str) -> dict[str, Route]:
    """Return a webhook and a mail server, which no number of failures pauses."""
    mail = MailEndpoint("mail", server, "shop@example.com", security="none", to=("team@example.com",))
    return {each.name: Route(each, NEVER, NEVER) for each in (WebhookEndpoint("hook", url), mail)}  # type: ignore[attr-defined]


def open_ones(store: Store) -> int:
    """Return the number of messages that have not ended, as far as one look shows."""
    return sum(len(list_messages(store, state=state, limit=1)) for state in ("pending", "sending"))


def fill(store: Store, chance: random.Random) -> dict[str, tuple[str, int]]:
    """Store messages of both endpoints, and return recipient and number of each by its id."""
    messages = []
    for number in range(MESSAGES):
        name = chance.choice(("hook", "mail"))
        recipient = f"{name}-{chance.randrange(RECIPIENTS)}"
        channel = "email" if name == "mail" else "webhook"
        messages.append(new(number, recipient, name, channel=channel))
    put(store, *messages, now=datetime.now(UTC))
    return {message.message_id: (message.recipient, number) for number, message in enumerate(messages)}


def one_unit(seed: int, kills: int = 20) -> dict[str, Any]:
    """Deliver one outbox under kills; return the number of kills, of repetitions, and what is wrong."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible campaign
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="outbox-") as home, HttpSink() as http, MailSink() as mail:
        fail_sometimes(http, mail, chance)
        store = open_store(Settings(home=Path(home)))
        known = fill(store, chance)
        arguments = (home, http.address, mail.server)
        killed = 0
        processes = [start(work, *arguments) for _ in range(WORKERS)]
        while killed < kills and open_ones(store):
            time.sleep(chance.uniform(0, MOMENTS))
            position = chance.randrange(WORKERS)
            processes[position].kill()
            killed += ended(processes[position]) in KILLED
            processes[position] = start(work, *arguments)
        codes = [ended(process) for process in processes]
        problems = [f"a worker ended with {code}" for code in codes if code]
        for name, arrived in (("hook", http.ids()), ("mail", mail.ids())):
            wanted = {key: value for key, value in known.items() if value[0].startswith(name)}
            problems += wrong(arrived, wanted)
        states = {message.state for message in list_messages(store, limit=MESSAGES)}
        problems += [f"a message is {state}" for state in states - {"sent"}]
        repeated = len(http.got) + len(mail.got) - MESSAGES
    return {
        "kills": killed,
        "messages": MESSAGES,
        "repeated": repeated,
        "seconds": round(time.monotonic() - began, 1),
        "problems": problems,
    }


def fail_sometimes(http: HttpSink, mail: MailSink, chance: random.Random) -> None:
    """Let the receivers fail now and then."""

    def choose(failure: Behaviour) -> Any:
        def behave(_: str) -> Behaviour:
            drawn = chance.random()
            return failure if drawn < 0.06 else "close" if drawn < 0.12 else "late" if drawn < 0.2 else "ok"

        return behave

    http.late_seconds = 0.05
    http.choose, mail.choose = choose(503), choose(451)


def wrong(arrived: Sequence[str], wanted: dict[str, tuple[str, int]]) -> list[str]:
    """Return what is lost, unknown, or out of order."""
    problems = [f"message {wanted[lost][1]} is lost" for lost in wanted.keys() - set(arrived)]
    problems += [f"{unknown} is no message" for unknown in set(arrived) - wanted.keys()]
    order: dict[str, list[int]] = defaultdict(list)
    for message_id in arrived:
        if message_id in wanted:
            recipient, number = wanted[message_id]
            order[recipient].append(number)
    problems += [f"{who} got {numbers}" for who, numbers in order.items() if numbers != sorted(numbers)]
    return problems


def main() -> int:
    """Carry a campaign on, and print its sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder of the record")
    parser.add_argument("--outboxes", type=int, default=10, help="outboxes in all; up to 20 kills each")
    parser.add_argument("--seconds", type=float, help="time after which no further outbox begins")
    given = parser.parse_args()
    units = carry_on(given.folder / "messages.jsonl", given.outboxes, one_unit, seconds=given.seconds)
    total = sums(units)
    print(total)
    return 1 if total["problems"] else 0


if __name__ == "__main__":
    # Started processes look for the work under the name of this module, and `__main__` is not that name.
    from tests.campaigns import messages

    sys.exit(messages.main())
