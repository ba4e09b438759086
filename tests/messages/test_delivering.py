"""Tests of delivery to real servers that fail, hang, close early and answer late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from orderhouse.messages import sending
from orderhouse.messages.configuration import Route
from orderhouse.messages.delivering import Later, Never, plain
from orderhouse.messages.endpoints import endpoint_states, pause, resume
from orderhouse.messages.mail import MailEndpoint
from orderhouse.messages.outbox import Message, find_message, list_messages
from orderhouse.operations.store import Store

from tests.messages.making import NOW, Clock, deliver, new, put, route
from tests.messages.sinks import Behaviour, HttpSink, MailSink


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("mail", "posting"):
        monkeypatch.setattr(f"orderhouse.messages.{module}.SECONDS", 0.5)
    assert sending.SECONDS == 10


def states(store: Store) -> dict[str, str]:
    """Return the state of each message by its order."""
    return {message.subject_id: message.state for message in list_messages(store)}


def failing(bad: str, behaviour: Behaviour, times: int = 1 << 30) -> object:
    """Fail for one message so many times."""
    count = {"left": times}

    def choose(message_id: str) -> Behaviour:
        if message_id != bad or not count["left"]:
            return "ok"
        count["left"] -= 1
        return behaviour

    return choose


def test_each_message_is_sent_once_and_carries_its_id(store: Store, http: HttpSink) -> None:
    ids = put(store, new(1), new(2))
    clock = Clock()
    assert deliver(store, route(http.address), clock).sent == 2
    assert deliver(store, route(http.address), clock).sent == 0
    assert http.ids() == ids
    assert http.got[0][1] == {"type": "test", "timestamp": find_message(store, ids[0]).occurred_at,
                              "data": {"number": 1}}  # fmt: skip
    found = find_message(store, ids[0])
    assert (found.state, found.sent_at, found.attempts) == ("sent", "2026-03-31T10:00:00.000000+00:00", 1)


@pytest.mark.parametrize("behaviour", [500, "hang", "close", 301, 401])
def test_message_is_tried_again_under_its_id_after_a_failure(
    store: Store, http: HttpSink, behaviour: Behaviour
) -> None:
    (message_id,) = put(store, new(1))
    http.choose = failing(message_id, behaviour, times=1)  # type: ignore[assignment]
    clock = Clock()
    first = deliver(store, route(http.address), clock)
    assert (first.sent, first.retried, list(first.errors)) == (0, 1, ["hook"])
    assert deliver(store, route(http.address), clock).retried == 0
    clock.pass_(seconds=31)
    assert deliver(store, route(http.address), clock).sent == 1
    assert http.seen == [message_id, message_id]
    assert endpoint_states(store)["hook"].failures == 0


def test_late_answer_is_waited_for(store: Store, http: HttpSink) -> None:
    put(store, new(1))
    http.choose = lambda _: "late"
    assert deliver(store, route(http.address), Clock()).sent == 1


def test_order_of_a_recipient_is_kept_while_others_go_on(store: Store, http: HttpSink) -> None:
    a1, a2, b1, a3 = put(store, new(1, "anna"), new(2, "anna"), new(3, "bob"), new(4, "anna"))
    http.choose = failing(a1, 503, times=2)  # type: ignore[assignment]
    clock = Clock()
    deliver(store, route(http.address), clock)
    assert http.ids() == [b1]
    clock.pass_(seconds=31)
    deliver(store, route(http.address), clock)
    assert http.ids() == [b1]
    clock.pass_(seconds=61)
    deliver(store, route(http.address), clock)
    assert http.ids() == [b1, a1, a2, a3]


def test_poison_message_fails_and_blocks_nobody(store: Store, http: HttpSink) -> None:
    poison, after = put(store, new(1, "anna"), new(2, "anna"))
    http.choose = failing(poison, 500)  # type: ignore[assignment]
    clock = Clock()
    for number in range(10, 16):
        put(store, new(number, "bob"), now=clock())  # others get through in between
        deliver(store, route(http.address, attempts=4), clock)
        clock.pass_(hours=1)
    assert states(store)["OH-1"] == "failed"
    assert find_message(store, poison).last_error == "The webhook answered 500."
    assert http.seen.count(poison) == 4
    assert after in http.ids() and len(http.got) == 7
    assert endpoint_states(store)["hook"].paused_at is None


def test_message_that_the_receiver_refuses_is_not_tried_again(store: Store, http: HttpSink) -> None:
    poison, _ = put(store, new(1, "anna"), new(2, "anna"))
    http.choose = failing(poison, 422)  # type: ignore[assignment]
    result = deliver(store, route(http.address), Clock())
    assert (result.sent, result.failed) == (1, 1)
    assert states(store) == {"OH-1": "failed", "OH-2": "sent"}


def test_receiver_that_asks_for_time_gets_it(store: Store, http: HttpSink) -> None:
    (message_id,) = put(store, new(1))
    http.choose = failing(message_id, 429, times=1)  # type: ignore[assignment]
    clock = Clock()
    deliver(store, route(http.address), clock)
    clock.pass_(seconds=119)
    assert deliver(store, route(http.address), clock).sent == 0
    clock.pass_(seconds=2)
    assert deliver(store, route(http.address), clock).sent == 1
    assert endpoint_states(store)["hook"].failures == 0


def test_endpoint_that_is_down_costs_no_message_and_is_paused(store: Store, http: HttpSink) -> None:
    ids = put(store, *(new(number, f"r{number}") for number in range(5)))
    http.choose = lambda _: 503
    clock = Clock()
    routes = route(http.address, attempts=2, pause_after=7)
    for _ in range(6):
        deliver(store, routes, clock)
        clock.pass_(hours=1)
    assert set(states(store).values()) == {"pending"}
    paused = endpoint_states(store)["hook"]
    assert paused.paused_at is not None and paused.failures == 7
    assert len(http.seen) == 7  # three in a turn, then it is left alone
    http.choose = lambda _: "ok"
    assert deliver(store, routes, clock).sent == 0
    resume(store, "hook")
    assert deliver(store, routes, clock).sent == 5
    assert http.ids() == ids


def test_endpoint_is_paused_by_hand(store: Store, http: HttpSink) -> None:
    put(store, new(1))
    clock = Clock()
    routes = route(http.address)
    deliver(store, routes, clock)
    put(store, new(2))
    pause(store, "hook", now=clock())
    assert deliver(store, routes, clock).sent == 0
    with pytest.raises(Exception, match="There is no channel 'hok'"):
        pause(store, "hok", now=clock())


def test_message_that_is_too_old_expires(store: Store, http: HttpSink) -> None:
    put(store, new(1, expires_at=NOW + timedelta(hours=1)), new(2))
    clock = Clock()
    clock.pass_(hours=1)
    deliver(store, route(http.address), clock)
    assert states(store) == {"OH-1": "expired", "OH-2": "sent"}


def test_decisions_of_the_preparer_are_obeyed(store: Store, http: HttpSink) -> None:
    ids = put(store, new(1, "a"), new(2, "b"), new(3, "c"), new(4, "a"))

    def prepare(messages: list[Message], now: object) -> dict[str, object]:
        found: dict[str, object] = dict(plain(messages, NOW))
        decisions = {ids[0]: Never("no longer true"), ids[1]: Later(NOW + timedelta(hours=9))}
        return found | {key: value for key, value in decisions.items() if key in found}

    clock = Clock()
    result = deliver(store, route(http.address), clock, prepare=prepare)  # type: ignore[arg-type]
    assert (result.sent, result.withheld, result.postponed) == (2, 1, 1)
    assert http.ids() == [ids[2], ids[3]]
    assert find_message(store, ids[0]).reason == "no longer true"
    clock.pass_(hours=9)
    assert deliver(store, route(http.address), clock).sent == 1


def test_decision_for_now_does_not_keep_a_turn_busy(store: Store, http: HttpSink) -> None:
    put(store, new(1))
    clock = Clock()

    def prepare(messages: list[Message], now: object) -> dict[str, object]:
        return {message.message_id: Later(clock()) for message in messages}

    assert deliver(store, route(http.address), clock, prepare=prepare).postponed == 1  # type: ignore[arg-type]


def test_while_the_texts_cannot_be_made_nothing_is_sent_and_no_attempt_counts(store: Store, http: HttpSink) -> None:
    (message_id,) = put(store, new(1))
    assert deliver(store, route(http.address), Clock(), prepare=lambda *_: None).is_busy
    assert find_message(store, message_id).attempts == 0
    assert deliver(store, route(http.address), Clock()).sent == 1


def test_time_of_a_turn_is_limited(store: Store, http: HttpSink) -> None:
    put(store, *(new(number, f"r{number}") for number in range(50)))
    http.choose = lambda _: "late"
    http.late_seconds = 0.1
    result = deliver(store, route(http.address), Clock(), seconds=0.4)
    assert 0 < result.sent < 50
    assert find_message(store, new(49).message_id).state == "pending"


def mail_route(sink: MailSink, **policy: object) -> dict[str, Route]:
    """Return the route to a mail server."""
    endpoint = MailEndpoint("mail", sink.server, "Shop <shop@example.com>", security="none", to=("team@example.com",))
    return {"mail": Route(endpoint, **policy)}  # type: ignore[arg-type]


def mails(count: int) -> list[object]:
    return [new(number, f"r{number}", endpoint="mail", channel="email") for number in range(count)]


def test_mail_has_the_id_of_its_message(store: Store, mail: MailSink) -> None:
    ids = put(store, *mails(3))  # type: ignore[arg-type]
    assert deliver(store, mail_route(mail), Clock()).sent == 3
    assert mail.ids() == ids
    recipients, first = mail.got[0]
    assert recipients == ["team@example.com"]
    assert (first["Subject"], first["From"]) == ("Order 0", "Shop <shop@example.com>")
    assert first["Message-ID"] == f"<{ids[0]}@example.com>"
    assert first.get_content().strip() == "It changed."


@pytest.mark.parametrize("behaviour", [451, "close", "hang"])
def test_mail_is_tried_again_under_its_id(store: Store, mail: MailSink, behaviour: Behaviour) -> None:
    ids = put(store, *mails(3))  # type: ignore[arg-type]
    mail.choose = failing(ids[1], behaviour, times=1)  # type: ignore[assignment]
    clock = Clock()
    result = deliver(store, mail_route(mail), clock)
    assert (result.sent, result.retried) == (2, 1)
    clock.pass_(seconds=31)
    deliver(store, mail_route(mail), clock)
    assert mail.ids() == [ids[0], ids[2], ids[1]]


def test_mail_that_is_refused_fails_alone(store: Store, mail: MailSink) -> None:
    ids = put(store, *mails(3))  # type: ignore[arg-type]
    mail.choose = failing(ids[0], 554)  # type: ignore[assignment]
    result = deliver(store, mail_route(mail), Clock())
    assert (result.sent, result.failed) == (2, 1)
    assert find_message(store, ids[0]).last_error == "The mail server refused the message with 554."


def test_recipient_that_is_refused_fails_and_one_that_is_put_off_waits(store: Store, mail: MailSink) -> None:
    put(store, *mails(1))  # type: ignore[arg-type]
    clock = Clock()
    mail.choose_recipient = lambda _: 450
    assert deliver(store, mail_route(mail), clock).retried == 1
    clock.pass_(seconds=31)
    mail.choose_recipient = lambda _: 550
    assert deliver(store, mail_route(mail), clock).failed == 1
    (message,) = list_messages(store)
    assert message.last_error == "The mail server refused the recipient with 550."


def test_mail_server_that_is_away_costs_nothing(store: Store) -> None:
    endpoint = MailEndpoint("mail", "127.0.0.1:9", "shop@example.com", security="none", to=("a@example.com",))
    put(store, *mails(1))  # type: ignore[arg-type]
    result = deliver(store, {"mail": Route(endpoint)}, Clock())
    assert result.errors == {"mail": "The mail server could not take the message: ConnectionRefusedError."}
    assert states(store) == {"OH-0": "pending"}
