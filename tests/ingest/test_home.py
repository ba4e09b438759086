"""Tests of the home around an ingest: settings, the lock, the vault, prefixes and constants, bundles."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.sources.config.sources_file import merchant_of
from orderhouse.storage.readers import open_published
from orderhouse.storage.warehouse import lock_holder, open_raw, run_lock
from orderhouse.vault.vault import open_vault

from tests.ingest.landing import ORDERS_HEADER, PAYMENTS_HEADER, Landing, order
from tests.ingest.nobody import as_nobody


def test_a_second_run_is_told_who_holds_the_warehouse(landing: Landing) -> None:
    with run_lock(landing.settings, "ingest") as holder:
        assert lock_holder(landing.settings) == holder
        with pytest.raises(LockHeld, match="held by ingest") as caught, run_lock(landing.settings, "build"):
            pass
        assert caught.value.exit_code == 3
    assert lock_holder(landing.settings) is None
    with run_lock(landing.settings, "build"):
        pass


def test_settings_come_from_the_file_then_the_environment_then_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orderhouse.toml").write_text('home = "here"\nkeep_versions = 3\nthreads = 1\n')
    monkeypatch.setenv("ORDERHOUSE_KEEP_VERSIONS", "7")
    settings = load_settings(threads=2)
    assert (settings.home, settings.keep_versions, settings.threads) == (tmp_path / "here", 7, 2)


def test_an_unknown_setting_is_named_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orderhouse.toml").write_text('home = "here"\nkeep_version = 3\n')
    with pytest.raises(OrderhouseError, match=r"orderhouse.toml:2: .*did you mean 'keep_versions'\?"):
        load_settings()


def test_a_working_folder_that_may_not_be_entered_has_no_settings(closed_working_folder: Path) -> None:
    with as_nobody():
        settings = load_settings(home="/srv/home")
        assert settings.keep_versions == 5
        assert settings.sources_file == Path("/srv/home/sources.yaml")


def test_settings_that_may_not_be_read_are_named(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(open_folder)
    (open_folder / "orderhouse.toml").write_text("keep_versions = 3\n")
    (open_folder / "orderhouse.toml").chmod(0o000)
    with as_nobody(), pytest.raises(OrderhouseError, match=r"may not read .*Give it permission"):
        load_settings()


def test_settings_override_what_the_sources_file_says_of_the_merchant(landing: Landing) -> None:
    landing.declare("merchant: {business_time_zone: Europe/London, reporting_currency: GBP}\nsources: {}\n")
    settings = load_settings(home=landing.folder, sources=landing.sources_file, reporting_currency="USD")
    merchant = merchant_of(settings)
    assert (merchant.business_time_zone, merchant.reporting_currency) == ("Europe/London", "USD")


def test_a_sources_file_named_once_is_found_again(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(landing.folder)
    landing.sources_file.rename(landing.folder / "mine.yaml")
    receive(load_settings(home=landing.settings.home, sources=landing.folder / "mine.yaml"))
    assert load_settings(home=landing.settings.home).sources_file == landing.folder / "mine.yaml"


def test_what_is_not_there_yet_is_said_plainly(landing: Landing) -> None:
    with pytest.raises(OrderhouseError, match="Nothing has been ingested"):
        open_raw(landing.settings, read_only=True)
    with pytest.raises(OrderhouseError, match="Nothing has been published"):
        open_published(landing.settings)


def test_one_person_has_one_token_and_an_erased_one_never_comes_back(landing: Landing) -> None:
    landing.write("feeds/orders-1.csv", ORDERS_HEADER + order(1).replace("person1@", "Person1@") + order(2))
    landing.write("feeds/customers.csv", "customer_id,updated_at,email\nc1,2026-01-02T03:04:05Z,person1@example.com\n")
    landing.ingest()
    tokens = dict(landing.query("select order_id, email_token from raw.orders"))
    assert landing.query("select email_token from raw.customers") == [(tokens["o1"],)]
    assert tokens["o1"] != tokens["o2"]
    with open_vault(landing.settings) as vault:
        assert vault.erase([tokens["o1"]]) == 1
    landing.write("feeds/orders-2.csv", ORDERS_HEADER + order(1, currency="USD"))
    landing.ingest()
    with open_vault(landing.settings) as vault:
        assert vault.reveal(tokens.values()) == {tokens["o2"]: "person2@example.com"}


def test_a_vault_without_its_keys_is_not_given_new_ones(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    landing.ingest()
    landing.settings.vault_keys.unlink()
    with pytest.raises(OrderhouseError, match="Restore it from a backup"):
        landing.ingest()


def test_constants_and_prefixes_apply_to_every_row(landing: Landing) -> None:
    landing.declare(
        "sources:\n  shop:\n    format: canonical\n    path: feeds/*\n"
        "    constants: {currency: SEK, channel: store}\n    order_id_prefix: S-\n"
    )
    landing.write("feeds/orders.csv", ORDERS_HEADER.replace("currency", "note") + order(1))
    landing.write("feeds/payments.csv", PAYMENTS_HEADER + "p1,o1,captured,5.00,EUR,2026-01-02T03:04:05Z\n")
    landing.ingest()
    assert landing.query("select order_id, currency, channel from raw.orders") == [("S-o1", "SEK", "store")]
    assert landing.query("select order_id, currency from raw.payments") == [("S-o1", "EUR")]


def test_local_times_need_a_declared_zone_and_then_are_stored_in_utc(landing: Landing) -> None:
    landing.declare(landing.sources_file.read_text() + "    time_zone: Europe/London\n")
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1, placed="2026-03-29 01:30:00"))
    landing.write("feeds/orders-2.csv", ORDERS_HEADER + order(2, placed="2026-07-01 01:30:00"))
    landing.ingest()
    assert str(landing.query("select placed_at from raw.orders")[0][0]) == "2026-07-01 00:30:00"
    assert "the clocks were put forward over it" in landing.quarantined()[0][3]


def test_an_incomplete_bundle_is_rejected_and_says_what_is_missing(landing: Landing) -> None:
    landing.declare("sources:\n  market:\n    format: olist\n    path: feeds/*\n")
    landing.write("feeds/olist_orders_dataset.csv", "order_id\n")
    landing.write("feeds/notes.txt", "hello")
    result = landing.ingest()
    assert result.count("rejected") == 2
    assert "olist_order_items_dataset.csv" in result.notes[0]
    assert result.notes[1].startswith("feeds/notes.txt was refused: It has not one of the seven names of the bundle")
