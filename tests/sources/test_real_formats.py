"""Tests of the two settled real formats against figures counted from the files by other code."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.storage.warehouse import open_raw

from tests.integration.running import data_folder

Query = list[tuple[object, ...]]


def ingested(tmp_path: Path, name: str, declared: str) -> Raw:
    """Ingest the real files of a source; return its raw tables."""
    sources = tmp_path / "sources.yaml"
    sources.write_text(f"sources:\n  real:\n    format: {name}\n    path: {declared}\n")
    settings = load_settings(home=tmp_path / "home", sources=sources)
    receive(settings)
    return Raw(settings)


class Raw:
    """Raw tables to query."""

    def __init__(self, settings: object) -> None:
        self.settings = settings

    def __call__(self, sql: str) -> Query:
        """Return the rows of a query."""
        connection = open_raw(self.settings, read_only=True)  # type: ignore[arg-type]
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def olist(tmp_path_factory: pytest.TempPathFactory) -> Raw:
    """Ingest the marketplace's seven files."""
    return ingested(tmp_path_factory.mktemp("olist"), "olist", str(data_folder() / "olist"))


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Raw:
    """Ingest the wholesaler's daily files."""
    return ingested(tmp_path_factory.mktemp("retail"), "online_retail", str(data_folder() / "online_retail" / "*.csv"))


def test_olist_ties_out_with_its_files(olist: Raw) -> None:
    assert olist("select count(*), sum(shipping_amount) from raw.orders") == [(14318, Decimal("325305.27"))]
    assert olist("select count(*), sum(unit_price) from raw.order_lines") == [(16242, Decimal("1940489.10"))]
    assert olist("select count(distinct payment_id), sum(amount) from raw.payments") == [(14960, Decimal("2291071.84"))]
    assert olist("select count(*) from raw.feedback") == [(8431,)]
    assert olist("select count(*) from raw.quarantine") == [(0,)]


def test_olist_cancellations_carry_their_reason_and_no_time(olist: Raw) -> None:
    cancelled = "select cancel_reason, count(*) from raw.orders where is_cancelled and cancelled_at is null group by 1"
    assert sorted(olist(cancelled)) == [("canceled", 99), ("unavailable", 80)]


def test_olist_is_one_bundle_of_seven_files(olist: Raw) -> None:
    assert olist("select count(distinct bundle_id), count(distinct file_id) from raw.files") == [(1, 7)]


def test_olist_shipments_are_of_one_seller_each(olist: Raw) -> None:
    several = "select shipment_id from raw.shipments group by 1 having count(distinct warehouse_id) > 1"
    assert olist(several) == []


def test_online_retail_counts_every_row_once(retail: Raw) -> None:
    assert retail("select sum(rows_in), count(distinct file_id) from raw.files where role = 'primary'") == [
        (320705, 219)
    ]
    assert retail("select count(*) from raw.files where rows_in <> accepted + duplicate + quarantined") == [(0,)]
    lost = """
        select count(*) from raw.quarantine
        where rules = '["unit_price|not_negative"]' and reasons = 'unit_price -11062.06 is negative'
    """
    assert retail(lost) == retail("select count(*) from raw.quarantine") == [(2,)]


def test_online_retail_credits(retail: Raw) -> None:
    credits = "select count(*), sum(credit_amount) from raw.returns where status = 'restocked' and order_id is null"
    assert retail(credits) == [(5847, Decimal("520770.56"))]


def test_online_retail_customers_are_written_without_a_fraction(retail: Raw) -> None:
    assert retail("select count(*) from raw.orders where customer_id like '%.%'") == [(0,)]


def test_online_retail_repeated_lines_are_genuine(retail: Raw) -> None:
    assert retail("select count(*) from raw.order_lines where _is_duplicate") == [(0,)]


def test_online_retail_postage_is_a_service(retail: Raw) -> None:
    assert retail("select distinct kind from raw.products where sku in ('POST', 'DOT', 'M', 'BANK CHARGES')") == [
        ("service",)
    ]
