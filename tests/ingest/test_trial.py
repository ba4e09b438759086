"""A dry run tells what would happen and leaves nothing behind."""

from __future__ import annotations

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.ingest import check_sources

from tests.ingest.landing import ORDERS_HEADER, PAYMENTS_HEADER, Landing, order


def test_a_dry_run_counts_rows_reasons_and_words_and_writes_nothing(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1) + order(2, currency="EURO") + "o3\n")
    landing.write("feeds/payments.csv", PAYMENTS_HEADER + "p1,o1,zahlung,5.00,EUR,2026-01-02T03:04:05Z\n")
    landing.write("feeds/tracking.csv", "shipment_id\ns1\n")
    (trial,) = check_sources(landing.settings)
    orders = trial.feeds["orders"]
    assert (orders.rows_in, orders.accepted) == (3, 1)
    assert orders.quarantined == {"currency|iso_4217": 1, "fields_match_header": 1}
    assert orders.examples["currency|iso_4217"] == "currency 'EURO' is not an ISO-4217 currency"
    assert trial.feeds["payments"].words["kind"] == {"zahlung": 1}
    assert "person1@example.com" not in str(orders.sample)
    assert len(trial.notes) == 1
    assert "feeds/tracking.csv would not be taken" in trial.notes[0]
    assert not landing.settings.home.exists()


def test_an_unknown_source_is_named_beside_those_that_exist(landing: Landing) -> None:
    with pytest.raises(OrderhouseError, match="no source 'shpo'; it declares shop"):
        check_sources(landing.settings, "shpo")
