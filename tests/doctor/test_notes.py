"""Tests of the small files that say what was erased and recorded: damage is said in words and found by the doctor."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.backup.erased_tokens import announce_erasures
from orderhouse.doctor.file_checks import check_notes
from orderhouse.erasure import erase
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import entries, record, verify
from orderhouse.settings import Settings

from tests.erasure.merchant import AT, Merchant

DAMAGE = (b"\xc1\xab\x00", b"", b"nonsense\n", "\u0663".encode())


def named(settings: Settings) -> list[str]:
    return [Path(finding.where).name for finding in check_notes(settings)]


@pytest.fixture
def shop(tmp_path: Path) -> Merchant:
    """Return a home with two customers, of whom one was erased, and one row in the audit log."""
    merchant = Merchant(tmp_path)
    merchant.declare("sources:\n  shop: {format: canonical, path: feeds/*}\n")
    rows = "".join(f"c{n},{AT},c{n}@example.com\n" for n in (1, 2))
    merchant.write("feeds/customers.csv", f"customer_id,updated_at,email\n{rows}")
    merchant.ingest()
    erase(merchant.settings, "c1", "customer_id")
    record(merchant.settings, actor="a", role="owner", action="page")
    return merchant


def test_healthy_notes_are_no_finding(shop: Merchant) -> None:
    assert named(shop.settings) == []


@pytest.mark.parametrize("content", [DAMAGE[0], DAMAGE[2], DAMAGE[3]])
def test_damaged_list_of_erased_tokens_is_said_and_may_be_removed(shop: Merchant, content: bytes) -> None:
    tokens = shop.settings.erased_tokens.read_bytes()
    shop.settings.erased_tokens.write_bytes(content)
    assert named(shop.settings) == ["erased_tokens"]
    for step in (shop.ingest, lambda: erase(shop.settings, "c2", "customer_id")):
        with pytest.raises(OrderhouseError, match="erased_tokens is damaged: it is no list of erased tokens"):
            step()
    shop.settings.erased_tokens.unlink()
    erase(shop.settings, "c2", "customer_id")
    assert set(tokens.split()) < set(shop.settings.erased_tokens.read_bytes().split())


@pytest.mark.parametrize("content", DAMAGE)
def test_damaged_note_of_the_last_batch_has_all_originals_examined_again(shop: Merchant, content: bytes) -> None:
    note = shop.settings.vault / "obeyed_batch"
    note.write_bytes(content)
    assert named(shop.settings) == ["obeyed_batch"]
    shop.write("feeds/customers-2.csv", f"customer_id,updated_at,email\nc3,{AT},c1@example.com\n")
    shop.ingest()
    assert not any(b"c1@example.com" in content for content in shop.originals().values())
    assert named(shop.settings) == []
    note.write_bytes(content)
    assert erase(shop.settings, "c2", "customer_id").values == 1
    assert named(shop.settings) == []


@pytest.mark.parametrize("content", DAMAGE)
def test_damaged_head_of_the_audit_log_is_said_before_anything_is_recorded(shop: Merchant, content: bytes) -> None:
    head = shop.settings.home / "audit_log_head"
    head.write_bytes(content)
    assert named(shop.settings) == ["audit_log_head"]
    with pytest.raises(OrderhouseError, match="audit_log_head is damaged: it has no head"):
        record(shop.settings, actor="a", role="owner", action="page")
    assert len(list(entries(shop.settings))) == 1
    (problem,) = verify(shop.settings).problems
    assert problem.startswith(f"{head} is damaged")
    head.unlink()
    record(shop.settings, actor="a", role="owner", action="page")
    assert verify(shop.settings).problems == []


def test_damaged_list_of_backups_is_said(shop: Merchant) -> None:
    shop.settings.backup_places.write_bytes(DAMAGE[0])
    with pytest.raises(OrderhouseError, match="backup_places is damaged"):
        announce_erasures(shop.settings)
