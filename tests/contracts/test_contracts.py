"""Tests of the contracts as a public interface: shape, keys and types stay as the feed page documents them."""

from __future__ import annotations

import pytest
from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.sentences import broken, rule_name

KEYS = {
    "orders": ("versioned", ["order_id"]),
    "order_lines": ("versioned", ["order_id", "line_id"]),
    "payments": ("event", ["payment_id"]),
    "payouts": ("event", ["movement_id"]),
    "shipments": ("event", ["shipment_id", "line_id", "order_id"]),
    "tracking": ("event", ["shipment_id", "carrier", "tracking_number", "status", "occurred_at"]),
    "returns": ("event", ["return_id", "line_id", "status", "occurred_at"]),
    "stock": ("event", ["movement_id"]),
    "inbound": ("versioned", ["po_id", "sku", "warehouse_id"]),
    "products": ("versioned", ["sku"]),
    "customers": ("versioned", ["customer_id"]),
    "price_lists": ("versioned", ["price_list_id", "sku", "currency", "valid_from"]),
    "fx_rates": ("event", ["rate_date", "base", "quote"]),
    "carts": ("event", ["cart_id", "sku", "status", "occurred_at"]),
    "feedback": ("event", ["feedback_id"]),
    "actions": ("event", ["action_id"]),
    "campaign_members": ("event", ["campaign_id", "customer_key"]),
    "suppressions": ("event", ["suppression_id"]),
}


def test_there_are_eighteen_feeds_with_these_keys() -> None:
    assert {feed: (contract.shape, contract.key()) for feed, contract in CONTRACTS.items()} == KEYS


def test_personal_columns_are_stored_as_tokens() -> None:
    stored = {feed: list(contract.stored_columns()) for feed, contract in CONTRACTS.items()}
    for feed, contract in CONTRACTS.items():
        for name in contract.personal():
            assert f"{name}_token" in stored[feed]
            assert name not in stored[feed]
    assert {feed: sorted(contract.personal()) for feed, contract in CONTRACTS.items() if contract.personal()} == {
        "orders": ["email", "phone", "ship_name", "ship_street"],
        "returns": ["reason"],
        "customers": ["email", "name", "phone"],
        "feedback": ["text"],
        "actions": ["payload", "reason"],
    }


@pytest.mark.parametrize("feed", CONTRACTS)
def test_every_rule_has_a_sentence_and_a_clean_name(feed: str) -> None:
    contract = CONTRACTS[feed]
    for rule in contract._validation_rules(with_cast=False):
        if rule.startswith("_"):
            continue
        assert str(broken(contract, rule))
        assert "check__" not in rule_name(rule)
