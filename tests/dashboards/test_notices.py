"""Notices above every page: missing exchange rates, and the basis of the figures."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from orderhouse import invocation
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, save_record

from tests.dashboards.conftest import DASHBOARDS, Open, said
from tests.dashboards.published_home import publish

PAGES = sorted(path.stem for path in (DASHBOARDS / "app_pages").glob("*.py"))
MISSING = """
    insert into marts.fct_exceptions by name
    select 'gbp' as exception_id, 'currency' as subject_type, 'GBP' as subject_id, 'missing_fx_rate' as code,
        'critical' as severity, timestamp '2026-03-01' as opened_at, 'finance' as owner, 'GBP' as currency,
        'Load the rate of that day' as what_to_do,
        'No rate to EUR on 3 days with revenue from 2026-03-01 to 2026-03-03' as detail
"""
SEVEN_IN_POUNDS = """
    update marts.fct_orders set currency = case when order_id in (
        select order_id from marts.fct_orders order by order_id limit 7
    ) then 'GBP' else 'EUR' end
"""


@pytest.fixture(scope="module")
def without_rates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish a version in which a currency has no rates. Tests only read it."""
    home = tmp_path_factory.mktemp("without_rates")
    path = publish(home, orders=50)
    with duckdb.connect(str(path)) as connection:
        connection.execute(MISSING).fetchall()
        connection.execute(SEVEN_IN_POUNDS).fetchall()
    return home


def page_files() -> list[str]:
    """Return the pages of the navigation."""
    app = (DASHBOARDS / "app.py").read_text(encoding="utf-8")
    return [name for name in PAGES if f'"app_pages/{name}.py"' in app]


@pytest.mark.parametrize("page", page_files())
def test_missing_rates_are_said_on_every_page(without_rates: Path, open_page: Open, page: str) -> None:
    app = open_page(without_rates, page)
    (error,) = [each.value for each in app.error if "missing from the figures" in each.value]
    assert error.startswith("7 orders are in GBP, and amounts are missing from the figures in EUR. No rate to EUR on 3")
    assert "`merchant: {reporting_currency: GBP}`" in error and "fx_rates" in error


def test_nothing_is_said_if_no_rate_is_missing(published: Path, open_page: Open) -> None:
    assert "missing from the figures" not in said(open_page(published, "orders"))


@pytest.mark.parametrize(
    ("policy", "origin", "words"),
    [
        ("data", "orders", ["the newest in the feeds", "Reports in EUR, as all orders"]),
        ("now", "default", ["now at each run", "Reports in EUR, since none is declared"]),
        ("", "declared", ["Reports in EUR · batch 12"]),
    ],
)
def test_clock_policy_and_origin_of_the_currency_stand_in_the_sidebar(
    tmp_path: Path, open_page: Open, policy: str, origin: str, words: list[str]
) -> None:
    publish(tmp_path, orders=50)
    record = BuildRecord(
        "build-1", "built", {}, 12, "Europe/Berlin", "EUR", "data", "2026-03-31", "2026-03-31",
        clock_policy=policy, currency_origin=origin,
    )  # fmt: skip
    save_record(Settings(home=tmp_path), record)
    texts = said(open_page(tmp_path, "orders"))
    assert all(each in texts for each in words)


def test_notices_name_the_command_that_works_here(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invocation, "command_here", lambda: ".venv/bin/orderhouse")
    assert ".venv/bin/orderhouse run" in said(open_page(tmp_path))
