"""Tests of the landed files of actions: no personal text stays in them, and each action still counts once."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from orderhouse.actions.landing import land, landed_file, landed_names, landing_lock
from orderhouse.actions.pending import pending_actions
from orderhouse.erasure import erase
from orderhouse.portal.asked import Asked

from tests.erasure.merchant import ANNA, Merchant
from tests.erasure.test_erasing import holding
from tests.properties.killing import kill

AT = datetime(2026, 3, 31, 10, tzinfo=UTC)
REQUEST = "a" * 32
WISH = "Ring twice at the green door"
NOTE = f"She was told so at {ANNA.phone}"


def asked(merchant: Merchant, order_id: str = "o1", request_id: str = REQUEST) -> Path:
    """Land a customer's wish and an operator's note."""
    by = {"order_id": order_id, "occurred_at": AT.isoformat(), "role": "customer", "actor": "customer"}
    wish = {"action_id": "w1", **by, "kind": "request_change", "payload": json.dumps({"ship_street": WISH})}
    note = {"action_id": "w2", **by, "kind": "note", "actor": "op", "order_id": "o3", "reason": NOTE}
    with landing_lock(merchant.settings):
        return land(merchant.settings, request_id, [wish, note], AT)


def in_clear(merchant: Merchant, text: str) -> list[str]:
    """Return the files in the folder of actions that hold a text."""
    paths = (path for path in merchant.settings.actions.rglob("*") if path.is_file())
    return [path.name for path in paths if text.encode() in path.read_bytes()]


def actions_of(merchant: Merchant) -> list[tuple[object, ...]]:
    return merchant.query(
        "select action_id, count(*), bool_and(payload_token is not null or reason_token is not null) "
        "from raw.actions where action_id like 'w%' group by 1 order by 1"
    )


def test_stored_texts_are_in_the_vault_alone_and_the_action_counts_once(merchant: Merchant) -> None:
    path = asked(merchant)
    shutil.copy(path, path.with_name("copy.ndjson"))
    assert len(in_clear(merchant, WISH)) == len(in_clear(merchant, NOTE)) == 2
    merchant.ingest()
    assert in_clear(merchant, WISH) == in_clear(merchant, NOTE) == []
    assert {NOTE, json.dumps({"ship_street": WISH})} <= merchant.vault_values()
    before = merchant.query("select count(*) from raw.files")
    assert merchant.ingest().notes == []
    assert merchant.query("select count(*) from raw.files") == before
    assert actions_of(merchant) == [("w1", 1, True), ("w2", 1, True)]


def test_a_receipt_answers_a_repeated_request_and_shows_what_is_pending(merchant: Merchant) -> None:
    name = asked(merchant).name
    merchant.ingest()
    receipt = landed_file(merchant.settings, REQUEST)
    assert receipt is not None and '"w1"' in receipt.read_text() and receipt.stat().st_mode & 0o777 == 0o600
    assert landed_names(merchant.settings) == [name]
    assert [each.action_id for each in pending_actions(merchant.settings, lambda *_: [])] == ["w1", "w2"]
    assert pending_actions(merchant.settings, lambda sql, _: [(f"actions/{name}",)] if "files" in sql else []) == []
    assert [each.action_id for each in Asked(merchant.settings.actions).of("o1")] == ["w1"]


def test_a_file_beside_its_receipt_is_one_action(merchant: Merchant) -> None:
    path = asked(merchant)
    content = path.read_bytes()
    merchant.ingest()
    path.write_bytes(content)  # as if the process had been killed between the receipt and the removal
    assert len(pending_actions(merchant.settings, lambda *_: [])) == 2
    merchant.ingest()
    assert not path.exists() and actions_of(merchant) == [("w1", 1, True), ("w2", 1, True)]


def test_an_action_that_the_raw_tables_have_lost_is_loaded_again(merchant: Merchant) -> None:
    kept = merchant.folder / "raw.duckdb"
    shutil.copy(merchant.settings.raw_db, kept)
    asked(merchant)
    merchant.ingest()
    shutil.copy(kept, merchant.settings.raw_db)
    assert actions_of(merchant) == []
    for _ in range(2):
        merchant.ingest()
        assert actions_of(merchant) == [("w1", 1, False), ("w2", 1, False)]


def test_texts_that_wait_are_erased_with_the_person_and_never_stored(merchant: Merchant) -> None:
    asked(merchant)
    done = erase(merchant.settings, "c1", "customer_id")
    assert not any("actions-" in path for path in done.elsewhere)
    assert holding(merchant, WISH) == holding(merchant, NOTE) == []
    merchant.ingest()
    assert holding(merchant, WISH) == holding(merchant, NOTE) == []
    assert not any(WISH in value or NOTE in value for value in merchant.vault_values())
    assert actions_of(merchant) == [("w1", 1, True), ("w2", 1, True)]
    assert erase(merchant.settings, "c1", "customer_id").values == 0


def test_stored_texts_are_erased_with_the_person(merchant: Merchant) -> None:
    asked(merchant)
    merchant.ingest()
    done = erase(merchant.settings, "c1", "customer_id")
    assert not any("actions-" in path for path in done.elsewhere)
    assert holding(merchant, WISH) == holding(merchant, NOTE) == []


def test_texts_of_others_that_wait_stay(merchant: Merchant) -> None:
    asked(merchant, order_id="o3")
    erase(merchant.settings, "c1", "customer_id")
    assert in_clear(merchant, WISH) != [] and in_clear(merchant, NOTE) == []
    merchant.ingest()
    assert json.dumps({"ship_street": WISH}) in merchant.vault_values()


def test_a_killed_erasure_of_waiting_texts_is_finished_by_the_next(merchant: Merchant) -> None:
    asked(merchant)
    sources = str(merchant.settings.sources)
    kill("erase", "c1", "--yes", "--sources", sources, home=merchant.settings.home, fault="erased_values")
    erase(merchant.settings, "c1", "customer_id")
    merchant.ingest()
    assert holding(merchant, WISH) == holding(merchant, NOTE) == []
