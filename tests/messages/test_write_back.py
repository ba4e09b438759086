"""Tests of actions that go back to the system that owns their order, from the published version to a real receiver."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from orderhouse.messages.outbox import Message, list_messages
from orderhouse.messages.releases import release
from orderhouse.messages.service import deliver_messages, derive_messages
from orderhouse.messages.whereabouts import sendings_of, whereabouts
from orderhouse.operations.store import Store, open_store
from orderhouse.settings import Settings
from orderhouse.storage.home_identity import begin_epoch
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.keys import load_keys
from orderhouse.vault.single_tokens import token_of
from orderhouse.vault.vault import open_vault

from tests.messages.home import order, point_at, publish, settle
from tests.messages.making import NOW
from tests.messages.sinks import HttpSink

SWITCHED_ON = NOW - timedelta(days=1)
SOURCES = """
sources:
  shop:
    format: canonical
    path: shop/*/*.ndjson
    order_id_prefix: "S-"
    actions_to: {channel: shop_api, since: 2026-03-01}
"""
WEBHOOK = "channels:\n  shop_api: {{type: webhook, url: '{address}', secret: {{file: secret}}}}\n"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
REASON = "Mrs Miller is moving on Friday"


def action(action_id: str, order_id: str = "S-1", **columns: object) -> str:
    """Return the statement that inserts an accepted action."""
    given = {"action_id": action_id, "order_id": order_id, "occurred_at": "2026-03-31 09:30:00", **columns}
    values = ", ".join("null" if value is None else f"'{value}'" for value in given.values())
    return f"insert into ops.actions ({', '.join(given)}) values ({values})"


def declare(settings: Settings, channels: str = "shop_name: Kettles\n", sources: str = SOURCES) -> None:
    """Write both files of declarations."""
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.sources_file.write_text(sources)
    (settings.home / "secret").write_text(SECRET)
    (settings.home / "messages.yaml").write_text(channels)


@pytest.fixture
def home(settings: Settings, http: HttpSink) -> Settings:
    """Return a home whose shop takes actions since a day."""
    chosen = settings.model_copy(update={"sources_file": settings.home / "sources.yaml"})
    settle(chosen)
    declare(chosen, WEBHOOK.format(address=http.address))
    send(chosen, SWITCHED_ON)
    return chosen


def send(settings: Settings, now: datetime = NOW) -> int:
    """Derive and deliver, and return the number of messages that were sent."""
    derive_messages(settings, now=now)
    return deliver_messages(settings, now=now)[0].sent


def one(settings: Settings) -> Message:
    """Return the only message that carries an action."""
    (message,) = carried(settings)
    return message


def carried(settings: Settings) -> list[Message]:
    """Return the messages that carry actions. Those to customers have no channel here."""
    return [message for message in list_messages(open_store(settings)) if message.audience == "system"]


def test_an_accepted_action_goes_to_the_system_of_its_order_once(home: Settings, http: HttpSink) -> None:
    with open_vault(home) as vault:
        import polars as pl

        vault.tokenise(pl.DataFrame([{"reason": REASON}]), {"reason": "text"})
        vault.flush()
    reason = token_of(load_keys(home), "text", REASON)
    publish(home, order("S-1"), action("a-1", line_id="1", quantity=2, kind="cancel_line", reason_token=reason))
    assert send(home) == 1
    message_id, body = http.got[0]
    assert body["type"] == "action.cancel_line"
    expected = {
        "action_id": "a-1", "kind": "cancel_line", "order_id": "S-1", "order_number": "1", "source": "shop",
        "line_id": "1", "quantity": 2, "actor": "tom", "reason": REASON, "warehouse_id": None,
        "occurred_at": "2026-03-31T09:30:00+00:00",
    }  # fmt: skip
    assert expected.items() <= body["data"].items()
    assert http.headers[0]["webhook-signature"].startswith("v1,") and http.headers[0]["webhook-id"] == message_id
    assert REASON not in one(home).as_json()


def test_a_rerun_another_version_a_rollback_and_another_channel_send_nothing_twice(
    home: Settings, http: HttpSink
) -> None:
    publish(home, order("S-1"), action("a-1"))
    assert send(home) == 1
    assert send(home) == 0
    publish(home, order("S-1"), action("a-1"), number=2)
    assert send(home) == 0
    point_at(home, 1)
    assert send(home) == 0
    channels, sources = (text.replace("shop_api", "other") for text in (WEBHOOK, SOURCES))
    declare(home, channels.format(address=http.address), sources)
    send(home, NOW - timedelta(hours=3))
    assert send(home) == 0
    assert len(http.got) == 1


def test_a_restore_pauses_actions_until_they_are_released(home: Settings, http: HttpSink) -> None:
    publish(home, order("S-1"), action("a-1"))
    derive_messages(home, now=NOW)
    with open_raw(home) as raw:
        begin_epoch(raw, load_keys(home).fingerprint, "restored")
    delivery, closed = deliver_messages(home, now=NOW)
    assert (delivery.sent, closed, http.got) == (0, "the home was restored from a backup", [])
    assert release(home, open_store(home), sends=False) == 1
    assert send(home) == 0 and one(home).state == "suppressed"


def test_actions_on_one_order_arrive_in_their_order_and_wait_for_a_failed_one(home: Settings, http: HttpSink) -> None:
    http.choose = lambda _: 429 if not http.seen[1:] else "ok"
    acts = [action("a-1"), action("a-2", kind="release", occurred_at="2026-03-31 09:31:00"), action("a-3", "S-2")]
    publish(home, order("S-1"), order("S-2"), *acts)
    assert send(home) == 1
    assert [body["data"]["action_id"] for _, body in http.got] == ["a-3"]
    assert send(home, NOW + timedelta(minutes=5)) == 2
    assert [body["data"]["action_id"] for _, body in http.got] == ["a-3", "a-1", "a-2"]


def test_http_calls_have_their_own_method_address_and_body_by_kind(home: Settings, http: HttpSink) -> None:
    base = http.address.removesuffix("/hook")
    calls = (
        "channels:\n  shop_api:\n    type: http\n    headers: {Authorization: {file: secret}}\n    calls:\n"
        f"      hold: {{method: PUT, url: '{base}/orders/{{order_number}}/hold', "
        "body: {note: 'by {actor}', units: '{quantity}'}}\n"
    )
    declare(home, calls)
    send(home, SWITCHED_ON)
    publish(home, order("S-1/../2"), action("a-1", "S-1/../2", quantity=3), action("a-2", "S-3", kind="release"))
    assert send(home) == 1
    assert http.got[0][1] == {"note": "by tom", "units": 3}
    assert http.headers[0]["authorization"] == SECRET
    assert http.paths == ["/orders/1%2F..%2F2/hold"]
    reasons = {message.subject_id: message.reason for message in carried(home)}
    assert reasons == {"a-1": None, "a-2": "the channel shop_api has no call for release"}


@pytest.mark.parametrize(
    ("columns", "state", "reason"),
    [
        ({"occurred_at": "2026-03-30 09:59:59"}, "suppressed", "before the channel was switched on"),
        ({"is_sent_back": False}, None, None),
    ],
)
def test_what_was_before_the_switch_is_withheld_and_the_rest_goes_nowhere(
    home: Settings, columns: dict[str, Any], state: str | None, reason: str | None
) -> None:
    publish(home, order("S-1"), action("a-1", **columns))
    assert send(home) == 0
    found = [(message.state, message.reason) for message in carried(home)]
    assert found == ([(state, reason)] if state else [])


def test_an_action_that_became_known_after_three_days_is_withheld(home: Settings) -> None:
    publish(home, order("S-1"), action("a-1"))
    assert send(home, datetime(2026, 4, 3, 9, 30, tzinfo=UTC)) == 0
    assert one(home).reason == "it was too old when it became known"


def test_an_action_that_is_rejected_meanwhile_is_not_sent_and_waits_for_a_version_that_was_rolled_back(
    home: Settings, http: HttpSink
) -> None:
    publish(home, order("S-1"))
    publish(home, order("S-1"), action("a-1"), number=2)
    derive_messages(home, now=NOW)
    point_at(home, 1)
    assert deliver_messages(home, now=NOW)[0].postponed == 1
    publish(home, order("S-1"), action("a-1", is_sent_back=False), number=3)
    assert deliver_messages(home, now=NOW + timedelta(hours=1))[0].withheld == 1
    assert http.got == [] and "does not count any more" in str(one(home).reason)


def stands(store: Store, **columns: Any) -> str | None:
    """Return where an action stands."""
    row = {
        "action_id": "a-1", "source": "operators", "subject_kind": "order", "kind": "hold", "is_accepted": True,
        "is_sent_back": True, "is_confirmable": True, "confirmed_at": None, "occurred_at": NOW.replace(tzinfo=None),
    }  # fmt: skip
    (found,) = whereabouts([row | columns], sendings_of(store, "S-1"), NOW)
    return found


def test_people_see_how_far_an_action_has_come(home: Settings, http: HttpSink) -> None:
    store = open_store(home)
    assert stands(store) == "waiting"
    assert stands(store, is_sent_back=False) == "not sent (no channel)"
    assert stands(store, is_accepted=False) is None and stands(store, source="shop") is None
    publish(home, order("S-1"), action("a-1"))
    derive_messages(home, now=NOW)
    assert stands(store) == "waiting"
    deliver_messages(home, now=NOW)
    assert stands(store) == "sent, not confirmed"
    assert stands(store, confirmed_at=NOW) == "confirmed"
    assert stands(store, kind="note", is_confirmable=False) == "sent and taken (no feed can confirm it)"


def test_a_refused_action_has_failed_with_the_answer(home: Settings, http: HttpSink) -> None:
    http.choose = lambda _: 422
    publish(home, order("S-1"), action("a-1"))
    send(home)
    assert stands(open_store(home)) == "failed: The endpoint shop_api answered 422."


def test_an_action_without_its_channel_is_held_and_not_sent_when_the_channel_comes(
    home: Settings, http: HttpSink
) -> None:
    declare(home)
    publish(home, order("S-1"), action("a-1"))
    send(home)
    assert stands(open_store(home)) == "not sent (no channel)"
    declare(home, WEBHOOK.format(address=http.address))
    assert send(home, NOW + timedelta(hours=1)) == 0
    assert one(home).reason == "before the channel was switched on"
