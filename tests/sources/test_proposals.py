"""Tests of `orderhouse sources new`: files that nobody declared get a sources file whose check finds nothing wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from orderhouse.ingest.trial import FeedTrial, check_sources
from orderhouse.settings import load_settings
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.sources.proposals.proposing import proposed

from tests.integration.running import PROJECT, data_folder, run_orderhouse
from tests.sources.documented_examples import examples_of


def test_tables_of_a_shop_are_mapped_and_each_guess_is_explained(tmp_path: Path) -> None:
    _write(tmp_path, "orders_1.csv", "order_id,created_at,user_id,price_usd\n1,2026-03-19 10:42:46,20,49.99\n")
    _write(tmp_path, "orders_2.csv", "order_id,created_at,user_id,price_usd\n2,2026-03-20 10:42:46,20,9.99\n")
    items = "order_item_id,created_at,order_id,product_id,price_usd\n7,2026-03-19 10:42:46,1,4,49.99\n"
    _write(tmp_path, "order_items.csv", items)
    refunds = "order_item_refund_id,created_at,order_id,refund_amount_usd\n9,2026-04-06 11:32:43,1,49.99\n"
    _write(tmp_path, "order_item_refunds.csv", refunds)
    text, sources, trials = _proposed(tmp_path)
    assert {name: source.feed for name, source in sources.items()} == {
        "order_item_refunds": "payments",
        "order_items": "order_lines",
        "orders": "orders",
    }
    assert sources["orders"].path == ["orders_*.csv"]
    assert sources["orders"].columns["created_at"] == ["placed_at", "updated_at"]
    assert sources["order_item_refunds"].constants == {"currency": "USD", "kind": "refunded"}
    assert 'quantity: "1"  # guess: no column has a quantity; each row counts as one unit' in text
    assert "merchant: {business_time_zone: UTC, reporting_currency: USD}" in text
    assert {feed: (trial.rows_in, trial.accepted) for feed, trial in trials.items()} == {
        "orders": (2, 2),
        "order_lines": (1, 1),
        "payments": (1, 1),
    }


def test_files_named_after_a_feed_have_its_ids_in_a_column_id_and_shares_are_no_amounts(tmp_path: Path) -> None:
    orders = '[{"Id": 1, "OrderDate": "2026-07-04", "RequiredDate": "2026-08-01", "ShipPostalCode": "51100"},'
    _write(tmp_path, "Order.json", orders + '{"Id": 2, "OrderDate": "2026-07-05"}]')
    lines = "Id;OrderId;ProductId;UnitPrice;Quantity;Discount\n1-11;1;11;14;12;0\n1-42;1;42;9,8;10;0,15\n"
    _write(tmp_path, "OrderDetail.csv", lines)
    text, sources, trials = _proposed(tmp_path, currency="USD")
    assert {name: source.feed for name, source in sources.items()} == {"order": "orders", "orderdetail": "order_lines"}
    assert sources["order"].columns["RequiredDate"] == "promised_at"
    assert sources["orderdetail"].columns["Id"] == "line_id"
    assert "Id: order_id  # guess: Id does not repeat, and the file is named after orders" in text
    assert "Discount: discount_share  # guess: all values lie between 0 and 1" in text
    assert (trials["orders"].accepted, trials["order_lines"].accepted) == (2, 2)


def test_amounts_of_discount_beside_their_rate_stay_amounts(tmp_path: Path) -> None:
    header = "order_id,line,date,sku,qty,price,discount,discount_rate"
    _write(tmp_path, "items.csv", f"{header}\n1,1,2026-01-02,tea,2,10,1.50,7.5%\n1,2,2026-01-02,tea,1,10,2,20%\n")
    _, sources, _ = _proposed(tmp_path, currency="EUR")
    (lines,) = (source for source in sources.values() if source.feed == "order_lines")
    assert lines.columns["discount"] == "discount_amount" and "discount_rate" not in lines.columns


def test_percents_are_proposed_as_shares(tmp_path: Path) -> None:
    header = "order_id,line,date,sku,qty,price,discount"
    _write(tmp_path, "items.csv", f"{header}\n1,1,2026-01-02,tea,2,10,7.5%\n1,2,2026-01-02,tea,1,10,20 %\n")
    _, sources, trials = _proposed(tmp_path, currency="EUR")
    (lines,) = (source for source in sources.values() if source.feed == "order_lines")
    assert lines.columns["discount"] == "discount_share" and trials["order_lines"].accepted == 2


def test_a_table_with_a_column_date_is_no_list_of_rates(tmp_path: Path) -> None:
    rows = "Order No;Date;Line;Article;Qty;Price\nA1;02.03.2026;1;TEA;1;9,50\nA2;03.03.2026;1;CUP;2;6,00\n"
    _write(tmp_path, "Verkäufe.csv", rows)
    _, sources, trials = _proposed(tmp_path, currency="EUR")
    assert {source.format for source in sources.values()} == {"canonical"}
    assert "verkaufe" in sources
    assert trials["order_lines"].accepted == 2


def test_one_file_of_german_lines_gives_lines_and_orders(tmp_path: Path) -> None:
    rows = (
        "Nr;Datum;Artikel;Menge;Umsatz;Land\n"
        "1;27.11.2026 10:00;TÜR;3;10,00;Germany\n"
        "1;27.11.2026 10:00;TÜR;3;10,00;Germany\n"
        "2;28.11.2026 10:00;TOR;1;2,50;Austria\n"
    )
    (tmp_path / "positionen.csv").write_bytes(rows.encode("cp1252"))
    _, sources, trials = _proposed(tmp_path, currency="EUR")
    lines = sources["positionen"]
    assert (lines.encoding, lines.decimal, lines.dates) == ("cp1252", ",", ["%d.%m.%Y %H:%M"])
    assert lines.ids == {"line_id": ["_position"]}
    assert trials["order_lines"].keys.sums == {("quantity × unit_price", ""): Decimal("22.50")}
    orders = trials["orders"]
    assert (orders.accepted, orders.keys.keys, orders.keys.conflicts) == (3, 2, 0)


def test_days_that_have_two_readings_are_marked_as_a_guess(tmp_path: Path) -> None:
    _write(tmp_path, "payments.csv", "txid,order,date,amount,currency\nt1,o1,03/04/2026,5.0000001,EUR\n")
    text, sources, trials = _proposed(tmp_path)
    assert 'dates: "%d/%m/%Y"  # guess: %m/%d/%Y would fit as well' in text
    assert sources["payments"].decimals == 2
    assert trials["payments"].accepted == 1


def test_payments_whose_number_repeats_get_ids_of_order_and_number(tmp_path: Path) -> None:
    rows = "receipt,order,date,amount,currency,type\n1,a,2026-01-02,5,EUR,Sale\n2,a,2026-01-02,5,EUR,Chargeback\n"
    _write(tmp_path, "payments.csv", rows + "1,b,2026-01-02,6,EUR,Mystery\n")
    text, sources, trials = _proposed(tmp_path)
    assert sources["payments"].ids == {"payment_id": ["order", "receipt"]}
    assert sources["payments"].words == {"kind": {"Sale": "captured", "Chargeback": "disputed"}}
    assert "# Mystery:  # one of authorized, captured" in text
    assert (trials["payments"].keys.keys, trials["payments"].accepted) == (3, 3)


def test_a_known_format_is_recognised_by_its_content(tmp_path: Path) -> None:
    _write(tmp_path, "rates.csv", "Date,USD,CHF,\n2026-03-27,1.0800,0.9600,\n")
    _, sources, trials = _proposed(tmp_path)
    assert [source.format for source in sources.values()] == ["ecb_rates"]
    assert trials["fx_rates"].accepted == 2


@pytest.mark.parametrize(
    ("page", "format_name"),
    [
        ("adyen", "adyen_settlement_details"),
        ("amazon", "amazon_order_report"),
        ("amazon", "amazon_settlement_report"),
    ],
)
def test_a_report_of_a_platform_is_recognised_by_its_columns(page: str, format_name: str, tmp_path: Path) -> None:
    examples = examples_of(PROJECT / "docs" / "formats" / f"{page}.md")
    example = next(each for each in examples if each.format == format_name)
    for path, text in example.files.items():
        _write(tmp_path, Path(path).name, text)
    _, sources, trials = _proposed(tmp_path)
    assert [source.format for source in sources.values()] == [format_name]
    assert set(trials) == set(example.rows)
    assert [trial.accepted - trial.rows_in for trial in trials.values()] == [0] * len(trials)


def test_files_that_fit_no_feed_are_listed_with_their_columns(tmp_path: Path) -> None:
    _write(tmp_path, "a.csv", "1\t2026-01-02 00:00:00\tUSD\t2\n2\t2026-01-02 00:00:00\tEUR\t2\n")
    (tmp_path / "picture.csv").write_bytes(b"\x00\x01" * 300)
    to = tmp_path / "sources.yaml"
    given = ("sources", "new", str(tmp_path), "--to", str(to))
    said = run_orderhouse(*given, home=tmp_path / "home", expect=2)
    assert "No file fits a format or a feed." in said
    text = to.read_text(encoding="utf-8")
    assert "# a.csv: not proposed." in text
    assert "#   columns: [_, _, _, _]" in text
    assert "column_1: units, unique, column_2: instant, column_3: text, unique, column_4: units" in text
    assert "# picture.csv: not proposed.\n  # This is not a text file." in text
    assert f"{to} exists." in run_orderhouse(*given, home=tmp_path / "home", expect=2)


def test_the_command_writes_the_file_and_checks_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    _write(tmp_path / "in", "customers.csv", "user_id,email,created_at\n1,a@example.com,2026-01-02T03:04:05Z\n")
    to = tmp_path / "sources.yaml"
    said = run_orderhouse("sources", "new", str(tmp_path / "in"), "--to", str(to), home=tmp_path / "home")
    assert "customers: 1 row, 1 accepted, 0 to quarantine" in said
    assert "Next: orderhouse run" in said
    assert "a@example.com" not in said + to.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["maven_fuzzy_factory", "olist"])
def test_real_files_get_a_file_that_passes_the_check(tmp_path: Path, name: str) -> None:
    to = tmp_path / "sources.yaml"
    to.write_text(proposed([data_folder() / name], tmp_path, "UTC", None).text, encoding="utf-8")
    trials = check_sources(load_settings(home=tmp_path / "home", sources=to))
    assert [note for trial in trials for note in trial.notes] == []
    found = [feed for trial in trials for feed in trial.feeds.values()]
    assert sum(feed.accepted for feed in found) == sum(feed.rows_in for feed in found) > 50_000


def _proposed(folder: Path, currency: str | None = None) -> tuple[str, dict[str, Source], dict[str, FeedTrial]]:
    """Return the proposed text, its sources, and what its check finds."""
    to = folder / "sources.yaml"
    text = proposed([folder], folder, "UTC", currency).text
    to.write_text(text, encoding="utf-8")
    trials = check_sources(load_settings(home=folder / "home", sources=to))
    assert [note for trial in trials for note in trial.notes] == []
    feeds = {feed: found for trial in trials for feed, found in trial.feeds.items()}
    return text, load_sources(to).sources, feeds


def _write(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")
