"""Messages page: the outbox, the texts and the channels, for those who may."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orderhouse.messages.endpoints import endpoint_states, note_failure, switch
from orderhouse.messages.outbox import find_message
from orderhouse.operations.store import Store, open_store
from orderhouse.settings import Settings

from tests.dashboards.conftest import Open, open_row, said, tables_of
from tests.dashboards.published_home import publish
from tests.messages.making import new, put

NOW = datetime(2026, 3, 31, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    publish(tmp_path, orders=50)
    return open_store(Settings(home=tmp_path))


def test_outbox_lists_messages_with_state_and_reason(tmp_path: Path, store: Store, open_page: Open) -> None:
    put(store, new(1, state="held", reason="no channel"), new(2), now=NOW)
    app = open_page(tmp_path, "messages")
    rows = tables_of(app)[0].rows
    assert [(row["subject_id"], row["state"], row["why"]) for row in rows] == [
        ("OH-2", "Pending", None),
        ("OH-1", "Held", "no channel"),
    ]
    assert [row["subject_id"] for row in tables_of(open_page(tmp_path, "messages", state="held"))[0].rows] == ["OH-1"]


def test_text_of_a_real_order_is_shown_in_each_language(tmp_path: Path, store: Store, open_page: Open) -> None:
    with duckdb.connect(str(tmp_path / "published" / "warehouse-1.duckdb")) as connection:
        connection.execute("alter table marts.dim_customers add column language varchar")
        (order_id,) = connection.execute(
            "select order_id from ops.orders where order_status <> 'cancelled' and cancelled_quantity = 0 limit 1"
        ).fetchall()[0]
    for language, word in (("en", "We have received"), ("de", "erhalten"), ("pt", "Recebemos"), ("hi", "धन्यवाद")):
        app = open_page(tmp_path, "messages", messages_view="Texts", language=language, text_order=order_id)
        assert not app.exception
        assert word in "".join(code.value for code in app.code) + said(app)


def test_channel_is_paused_and_tested_before_it_goes_on(tmp_path: Path, store: Store, open_page: Open) -> None:
    switch(store, {"email"}, now=NOW)
    app: Any = open_page(tmp_path, "messages", messages_view="Channels")
    app.button(key="channel.email").click().run()
    assert endpoint_states(store)["email"].paused_at is not None
    app.button(key="channel.email").click().run()
    assert endpoint_states(store)["email"].paused_at is None


def test_error_of_a_failing_channel_is_shown(tmp_path: Path, store: Store, open_page: Open) -> None:
    switch(store, {"email"}, now=NOW)
    note_failure(store, "email", "The mail server is away.", pause_after=9, now=NOW)
    assert "1 failures in a row: The mail server is away." in said(
        open_page(tmp_path, "messages", messages_view="Channels")
    )


def test_message_that_failed_is_tried_again_by_those_who_may(tmp_path: Path, store: Store, open_page: Open) -> None:
    put(store, new(1, state="failed"), now=NOW)
    app: Any = open_row(open_page(tmp_path, "messages"), "outbox")
    next(button for button in app.button if button.label == "Try again").click().run()
    assert find_message(store, new(1).message_id).state == "pending"
