"""Tests of the index: every order is found by its id and no other, and it follows its version."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import orderhouse.portal.index as indexes
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.portal.index import open_index
from orderhouse.serve.publishing import find_version
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys
from orderhouse.vault.single_tokens import token_of

from tests.portal.published_home import EMAIL, IDS, publish

MANY = (
    "insert into ops.orders by name select 'M' || i as order_id, lpad(i::varchar, 12, '0') as tracking_id "
    "from range(500) t(i)"
)


@pytest.mark.parametrize("size", [1, 7, 50_000])
def test_every_order_is_found_whatever_the_size_of_a_step(tmp_path: Path, size: int) -> None:
    settings = publish(tmp_path, extra=MANY.replace("500", "40") if size == 1 else MANY)
    with patch.object(indexes, "ORDERS_PER_BATCH", size):
        index = open_index(settings, find_version(settings))
    for number in range(len(index) - len(IDS)):
        entry, same = index.find(f"{number:012}".encode())
        assert entry is not None and entry == same and entry.order_id == f"M{number}"
    for tracking_id in IDS:
        assert index.find(tracking_id.encode())[0] is not None
    for unknown in (b"0" * 11 + b"A", b"~" * 12, b" " * 12, b"ZZZZZZZZZZZZ"):
        entry, other = index.find(unknown)
        assert entry is None and other is not None


def test_tokens_are_those_of_the_vault_and_no_value_is_in_the_file(settings: Settings) -> None:
    index = open_index(settings, find_version(settings))
    keys = load_keys(settings)
    entry, _ = index.find(b"OPENORDER123")
    assert entry is not None
    assert entry.email_token == token_of(keys, "email", EMAIL.upper())
    assert entry.postcode_token == token_of(keys, "postcode", "01310100")
    content = next(settings.portal.glob("*.arrow")).read_bytes()
    for personal in (b"01310", b"SW1A", b"Mustermann", b"C-1"):
        assert personal not in content
    assert "customer" not in json.dumps(json.loads(entry.document))


def test_indexes_of_former_versions_are_deleted(tmp_path: Path) -> None:
    for number in range(1, 5):
        settings = publish(tmp_path, number)
        open_index(settings, find_version(settings))
    assert len(list(settings.portal.glob("*.arrow"))) == 2
    assert list(settings.portal.glob("*.draft")) == []


def test_a_version_that_cannot_be_shown_is_named(tmp_path: Path) -> None:
    settings = publish(tmp_path, extra="alter table ops.payments drop column currency")
    with pytest.raises(OrderhouseError, match=r"Version 1 cannot be shown to customers: .*currency.*orderhouse run"):
        open_index(settings, find_version(settings))
    assert list(settings.portal.glob("*.draft")) == []
