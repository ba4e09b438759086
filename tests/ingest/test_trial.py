"""Tests of the dry run: it reports what would happen and changes nothing."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.trial import check_sources

from tests.ingest.landing import ORDERS_HEADER, PAYMENTS_HEADER, Landing, order
from tests.integration.running import run_orderhouse


def test_a_dry_run_counts_rows_reasons_and_words_and_writes_nothing(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1) + order(2, currency="EURO") + "o3\n")
    landing.write("feeds/payments.csv", PAYMENTS_HEADER + "p1,o1,zahlung,5.00,EUR,2026-01-02T03:04:05Z\n")
    landing.write("feeds/tracking.csv", "shipment_id\ns1\n")
    (trial,) = check_sources(landing.settings)
    orders = trial.feeds["orders"]
    assert (orders.rows_in, orders.accepted) == (3, 1)
    assert orders.quarantined == {"currency|iso_4217": 1, "fields_match_header": 1}
    assert orders.examples["currency|iso_4217"] == "currency 'EURO' is not an ISO-4217 currency"
    assert orders.places == {"currency|iso_4217": ["feeds/orders.csv:3"], "fields_match_header": ["feeds/orders.csv:4"]}
    assert trial.feeds["payments"].words["kind"] == {"zahlung": 1}
    assert "person1@example.com" not in str(orders.sample)
    assert len(trial.notes) == 1
    assert "feeds/tracking.csv would not be loaded" in trial.notes[0]
    assert not landing.settings.home.exists()


def test_an_unknown_source_is_named_beside_those_that_exist(landing: Landing) -> None:
    with pytest.raises(OrderhouseError, match="no source 'shpo'. Its sources are: shop"):
        check_sources(landing.settings, "shpo")


def test_a_dry_run_of_one_file_leaves_the_source_s_own_alone(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    elsewhere = landing.write("elsewhere/orders [new].csv", ORDERS_HEADER + "".join(order(n) for n in range(12)))
    (trial,) = check_sources(landing.settings, "shop", elsewhere)
    assert trial.feeds["orders"].rows_in == 12
    assert trial.feeds["orders"].sample.height == 10
    with pytest.raises(OrderhouseError, match="There is no file"):
        check_sources(landing.settings, "shop", landing.folder / "nowhere.csv")


def test_a_dry_run_says_what_the_files_are(landing: Landing) -> None:
    rows = ORDERS_HEADER + order(1)
    landing.write("feeds/orders_1.csv", rows)
    landing.write("feeds/orders_2.csv", rows.replace(",", ";").encode("utf-16"))
    landing.write("feeds/orders_3.csv.gz", gzip.compress(rows.replace(",", "\t").encode()))
    landing.write("feeds/orders_4.json", '[{"order_id": "o1"}]')
    landing.write("feeds/orders_5.ndjson", '{"order_id": "o1"}\n{"order_id": "o2"}\n')
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("orders.csv", rows)
    landing.write("feeds/orders_6.zip", packed.getvalue())
    (trial,) = check_sources(landing.settings)
    assert trial.kinds == {
        "CSV, utf-8, delimiter ',' (found out), 5 columns": 1,
        "CSV, utf-16, delimiter ';' (found out), 5 columns": 1,
        "CSV, gzip, utf-8, delimiter tab (found out), 5 columns": 1,
        "JSON": 1,
        "JSON lines": 1,
        "CSV, utf-8, delimiter ',' (found out), 5 columns, in a zip file": 1,
    }
    assert trial.feeds["orders"].accepted == 4


def test_the_command_shows_rows_reasons_places_and_lines_to_paste(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS_HEADER + "p1,o1,Zahlung eins,5.00,EUR,2026-01-02T03:04:05Z\np2,o1\n")
    landing.write(
        "feeds/orders.csv", ORDERS_HEADER.replace("email", "email,colour") + "o1,,2026-01-02,EUR,p@x.org,red\n"
    )
    output = run_orderhouse(
        "sources", "check", "shop", "--sources", str(landing.sources_file), home=landing.folder / "home"
    )
    assert "1 row: updated_at '2026-01-02' has no UTC offset" in output
    assert "placed_at is missing (feeds/orders.csv:2)" in output
    assert "not used: colour" in output
    assert "p@x.org" not in output
    assert "2026-01-02 03:04:05" in output
    pasted = output.split("after each word:\n")[1]
    assert pasted.startswith("    words:\n      payments.kind:  # authorized, captured,")
    assert '        "Zahlung eins":\n' in pasted
    words = "".join(pasted.splitlines(keepends=True)[:3]).replace('eins":', 'eins": captured')
    landing.declare(landing.sources_file.read_text() + words)
    healed = run_orderhouse(
        "sources", "check", "shop", "--no-rows", "--sources", str(landing.sources_file), home=landing.folder / "home"
    )
    assert "unmapped words" not in healed
    assert "2026-01-02 03:04:05" not in healed


def test_rows_that_are_longer_than_a_line_stand_beside_each_other(landing: Landing) -> None:
    header = ORDERS_HEADER.replace("email", "channel,ship_city,ship_region,ship_postcode,ship_country,legal_entity")
    lines = (f"order-{n},2026-01-02T03:04:0{n}Z,2026-01-03T03:04:05Z,EUR,web,Berlin,BE,10115,DE,Us\n" for n in range(5))
    landing.write("feeds/orders.csv", header + "".join(lines))
    arguments = ("sources", "check", "--sources", str(landing.sources_file))
    shown = run_orderhouse(*arguments, home=landing.folder / "home", COLUMNS="80").splitlines()
    assert max(map(len, shown)) <= 80
    assert [line.split() for line in shown if line.startswith("placed_at")] == [
        ["placed_at", *(part for n in some for part in ("2026-01-02", f"03:04:0{n}"))] for some in ((0, 1, 2), (3, 4))
    ]
    assert [line.split() for line in shown if "record" in line] == [
        ["record", "2", "record", "3", "record", "4"],
        ["record", "5", "record", "6"],
    ]
