"""Tests of the reporting currency: the declared one, else the one that all orders share, else EUR."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform.building import build
from orderhouse.transform.reporting_currency import currency_of_orders
from orderhouse.transform.variables import shaping_variables

from tests.transform.small_project import receive


def pay_in(settings: Settings, **currencies: str) -> None:
    """Set the currency of orders that were received."""
    with contextlib.closing(open_raw(settings)) as raw:
        for order_id, currency in currencies.items():
            raw.execute("update received.orders set currency = ? where order_id = ?", [currency, order_id])


def choice(settings: Settings) -> tuple[str, str]:
    with contextlib.closing(open_raw(settings)) as raw:
        found = currency_of_orders(raw)
    return found.currency, found.origin


def test_currency_that_all_orders_share_is_that_of_reports(settings: Settings) -> None:
    pay_in(settings, A="GBP", B="GBP")
    record = build(settings).record
    assert (record.reporting_currency, record.currency_origin) == ("GBP", "orders")
    assert shaping_variables(settings)["reporting_currency"] == "GBP"


def test_several_currencies_give_the_default(settings: Settings) -> None:
    pay_in(settings, A="GBP", B="USD")
    record = build(settings).record
    assert (record.reporting_currency, record.currency_origin) == ("EUR", "default")


def test_declared_currency_counts_whatever_the_orders_have(settings: Settings) -> None:
    pay_in(settings, A="GBP", B="GBP")
    assert settings.sources is not None
    settings.sources.write_text("merchant: {reporting_currency: CHF}\nsources: {}\n")
    record = build(settings).record
    assert (record.reporting_currency, record.currency_origin) == ("CHF", "declared")
    settings.sources.unlink()  # the last one counts, as for a scheduled run
    assert build(settings).record.reporting_currency == "CHF"


def test_setting_counts_above_all(settings: Settings) -> None:
    pay_in(settings, A="GBP", B="GBP")
    assert build(settings.model_copy(update={"reporting_currency": "USD"})).record.reporting_currency == "USD"


@pytest.mark.parametrize("order", [("GBP", "USD"), ("USD", "GBP")])
def test_order_of_arrival_does_not_matter(settings: Settings, order: tuple[str, str]) -> None:
    pay_in(settings, A=order[0], B=order[0])
    assert build(settings).record.reporting_currency == order[0]
    receive(settings, 2, {"C": "2026-01-03 10:00:00"})
    pay_in(settings, C=order[1])
    later = build(settings)
    assert (later.record.reporting_currency, later.record.currency_origin) == ("EUR", "default")
    assert later.record.full and "reporting_currency" in later.reason


def test_rows_that_were_read_anew_do_not_count(settings: Settings) -> None:
    pay_in(settings, A="USD", B="USD")
    receive(settings, 2, {"A": "2026-01-01 10:00:00"})
    with contextlib.closing(open_raw(settings)) as raw:
        raw.execute("update received.loads set file_id = 'f1', source = 'shop'")
        raw.execute("update received.orders set currency = 'GBP' where _load_id = 2")
        for batch in (1, 2):
            raw.execute(
                "insert into raw.files by name select 'f1' as file_id, 'shop' as source, 'orders' as feed, "
                "? as batch_id",
                [batch],
            )
    assert choice(settings) == ("GBP", "orders")


def test_record_of_an_earlier_release_keeps_its_currency_without_a_sources_file(settings: Settings) -> None:
    pay_in(settings, A="GBP", B="GBP")
    build(settings)
    path = settings.warehouse / "build.json"
    values = {**json.loads(path.read_text()), "reporting_currency": "SEK"}
    path.write_text(json.dumps({key: values[key] for key in values.keys() - {"currency_origin", "checksum"}}))
    record = load_record(settings)
    assert record is not None and record.currency_origin == "declared"
    assert build(settings).record.reporting_currency == "SEK"


def test_home_without_rows_has_the_default(tmp_path: Path) -> None:
    empty = Settings(home=tmp_path / "empty", sources=tmp_path / "none.yaml")
    assert shaping_variables(empty)["reporting_currency"] == "EUR"
