"""Tests of the journal: what changes after goods were shipped is posted on its own day, and nothing is left over."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.integration.small_feeds import Row, Shop, line, order, payment, scan, shipment

SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: "*.ndjson"
    covers: [orders, order_lines, payments, payouts, shipments, tracking, returns, products, fx_rates, actions]
"""
LEFT, GIVEN, ENDED, CHANGED = date(2026, 3, 3), date(2026, 3, 5), date(2026, 3, 9), date(2026, 3, 10)
NOON = "2026-03-{:02}T12:00:00Z"


def moved(movement_id: str, kind: str, amount: str, payout_id: str = "po", **more: str) -> Row:
    """Return a movement of a payout, of the sixth."""
    return {
        "movement_id": movement_id, "payout_id": payout_id, "kind": kind, "amount": amount, "currency": "EUR",
        "occurred_at": NOON.format(6), "provider": "pay", **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a shop with one order per rule."""
    shop = Shop(tmp_path_factory.mktemp("journal"), SOURCES, "2026-04-10T12:00:00Z")
    dearer = {"updated_at": NOON.format(10)}
    shop.deliver(
        "orders",
        [
            order("dearer"),
            *[
                order("freight", shipping_amount=amount, updated_at=NOON.format(day))
                for amount, day in (("5", 2), ("7", 10))
            ],
            order("lost", shipping_amount="5"),
            order("again", shipping_amount="5"),
            order("taken_back"),
            order("dollars", currency="USD"),
            order("owed", currency="USD", payment_terms="invoice"),
            order("exchanged", updated_at=NOON.format(9), is_cancelled="true"),
            order("repriced", currency="USD"),
            order("paid"),
            order("sent_back"),
            order("card"),
            order("card_revoked"),
            order("card_revoked", is_cancelled="true", **dearer),
            order("card_cancelled"),
            order("card_partly"),
            order("unasked"),
            order("regretted"),
        ],
    )
    shop.deliver(
        "order_lines",
        [
            line("dearer", discount_amount="1.01"),
            line("dearer", unit_price="31.00", quantity=3, discount_amount="1.01", **dearer),
            line("freight"),
            line("lost", quantity=3, discount_amount="0.01"),
            line("again"),
            line("taken_back"),
            line("dollars"),
            line("owed"),
            line("exchanged"),
            line("repriced"),
            line("repriced", unit_price="31.00", **dearer),
            line("paid"),
            line("sent_back", tax_amount="6.00"),
            line("sent_back", unit_price="29.00", tax_amount="5.80", sku="cup", **dearer),
            line("card", is_gift_card="true"),
            line("card", unit_price="35.00", is_gift_card="true", **dearer),
            line("card_revoked", is_gift_card="true"),
            line("card_cancelled", is_gift_card="true"),
            line("card_partly", is_gift_card="true"),
            line("card_partly", is_gift_card="true", **dearer),
            line("unasked"),
            line("regretted"),
        ],
    )
    shop.deliver(
        "actions",
        [
            {
                "action_id": "a1", "order_id": "card_cancelled", "kind": "cancel", "occurred_at": NOON.format(9),
                "actor": "ann", "role": "agent",
            },
            {
                "action_id": "a2", "order_id": "card_partly", "line_id": "1", "kind": "cancel_line", "quantity": 1,
                "occurred_at": NOON.format(9), "actor": "ann", "role": "agent",
            },
        ],
    )  # fmt: skip
    shop.deliver(
        "returns",
        [
            {
                "return_id": "ret", "order_id": "sent_back", "line_id": "1", "status": status, "quantity": 1,
                "occurred_at": NOON.format(6),
            }
            for status in ("received", "restocked")
        ]
        + [
            {
                "return_id": "late", "order_id": "unasked", "line_id": "1", "status": "received", "quantity": 1,
                "occurred_at": NOON.format(8),
            }
        ],
    )  # fmt: skip
    shop.deliver(
        "products",
        [
            {"sku": sku, "updated_at": NOON.format(1), "kind": "goods", "unit_cost": cost, "currency": "EUR"}
            for sku, cost in (("mug", "10"), ("cup", "12"))
        ],
    )
    shop.deliver(
        "shipments",
        [
            *[
                shipment(name)
                for name in (
                    "dearer",
                    "freight",
                    "lost",
                    "again",
                    "taken_back",
                    "dollars",
                    "owed",
                    "repriced",
                    "sent_back",
                    "unasked",
                    "regretted",
                )
            ],
            shipment("lost", shipment_id="kept", quantity=1, shipped_at=NOON.format(4)),
            shipment("again", shipment_id="second", shipped_at=NOON.format(12)),
        ],
    )
    ended = (("lost", "lost"), ("again", "lost"), ("regretted", "lost"), ("taken_back", "cancelled"))
    shop.deliver("tracking", [scan(name, status, NOON.format(9)) for name, status in ended])
    shop.deliver(
        "payments",
        [
            payment("dollars", currency="USD"),
            payment("owed", currency="USD", occurred_at=NOON.format(10)),
            payment("exchanged", currency="USD"),
            payment("exchanged", currency="USD", payment_id="back", kind="refunded", occurred_at=NOON.format(10)),
            payment("unasked", "30", kind="refunded", occurred_at=NOON.format(5)),
            payment("regretted", "20", kind="refunded", occurred_at=NOON.format(5), goods_amount="20"),
            payment("paid", "60", provider="pay", payout_id="po", payout_at=NOON.format(6), fee_amount="2"),
        ],
    )
    shop.deliver(
        "payouts",
        [
            moved("m1", "paid", "49"),
            moved("m2", "adjustment", "-3"),
            moved("m3", "reserve", "-4"),
            moved("m4", "dispute_fee", "-1"),
            moved("m5", "payment", "-1", payment_id="nobody_knows"),
        ],
    )
    shop.deliver(
        "fx_rates",
        [
            {"rate_date": day, "base": "EUR", "quote": "USD", "rate": rate}
            for day, rate in (("2026-03-02", "1.00"), ("2026-03-03", "1.20"), ("2026-03-10", "1.50"))
        ],
    )
    shop.run()
    return shop


def posted(shop: Shop, order_id: str, *accounts: str, kind: str = "%") -> list[tuple[date, Decimal]]:
    """Return debits less credits of accounts by day."""
    return shop.published(
        "select business_date, sum(debit_amount - credit_amount) from marts.fct_journal "
        "where order_id = ? and list_contains(?, account) and entry_kind like ? "
        "group by business_date having sum(debit_amount - credit_amount) <> 0 order by business_date",
        order_id, list(accounts), kind,
    )  # fmt: skip


def balances(shop: Shop, where: str) -> dict[str, Decimal]:
    """Return balances of accounts in the reporting currency."""
    return dict(
        shop.published(
            "select account, sum(debit_amount_reporting - credit_amount_reporting) from marts.fct_journal "  # noqa: S608
            f"where {where} group by account having sum(debit_amount_reporting - credit_amount_reporting) <> 0"
        )
    )


def test_a_later_price_is_posted_on_the_day_of_its_version(shop: Shop) -> None:
    """The first two of three units cost 31.00 each and bear 0.67 of the discount from then on."""
    assert posted(shop, "dearer", "sales") == [(LEFT, Decimal(-60)), (CHANGED, Decimal(-2))]
    assert posted(shop, "dearer", "discounts") == [(LEFT, Decimal("1.01")), (CHANGED, Decimal("-0.34"))]
    assert posted(shop, "dearer", "accounts_receivable") == [(LEFT, Decimal("58.99")), (CHANGED, Decimal("2.34"))]


def test_a_return_is_corrected_on_the_day_of_the_later_version(shop: Shop) -> None:
    """One of two units comes back on the sixth, for 30.00 with 3.00 tax; from the tenth on it is a cup for 29.00."""
    back = date(2026, 3, 6)
    assert posted(shop, "sent_back", "returns") == [(back, Decimal(30)), (CHANGED, Decimal(-1))]
    assert posted(shop, "sent_back", "tax_payable", kind="return%") == [(back, Decimal(3)), (CHANGED, Decimal("-0.1"))]
    assert posted(shop, "sent_back", "accounts_receivable", kind="return%") == [
        (back, Decimal(-33)),
        (CHANGED, Decimal("1.1")),
    ]
    assert posted(shop, "sent_back", "inventory") == [(LEFT, -20), (back, 10), (CHANGED, -2)]
    ((recognised,),) = shop.published(
        "select sum(returns_amount) from marts.fct_revenue_daily "
        "where recognition_clock = 'shipped' and business_date = ?", back
    )  # fmt: skip
    assert recognised == Decimal(29)


def test_a_gift_card_is_corrected_on_the_day_of_the_later_version_or_cancellation(shop: Shop) -> None:
    placed = date(2026, 3, 2)
    names = ("card", "card_revoked", "card_cancelled", "card_partly")
    liability = {name: posted(shop, name, "gift_card_liability") for name in names}
    assert liability == {
        "card": [(placed, -60), (CHANGED, -10)],
        "card_revoked": [(placed, -60), (CHANGED, 60)],
        "card_cancelled": [(placed, -60), (ENDED, 60)],
        "card_partly": [(placed, -60), (ENDED, 30)],
    }


def test_a_refund_is_given_away_until_what_it_pays_for_is_known(shop: Shop) -> None:
    """30.00 are refunded on the fifth. The goods that they pay for come back on the eighth, and the fifth stands."""
    assert posted(shop, "unasked", "goodwill") == [(GIVEN, 30), (date(2026, 3, 8), -30)]
    assert posted(shop, "unasked", "returns") == [(date(2026, 3, 8), 30)]


def test_a_refund_of_goods_takes_back_what_is_sold_by_then(shop: Shop) -> None:
    """Goods of 20.00 are refunded on the fifth. On the ninth their parcel is lost, and the refund pays for that."""
    assert posted(shop, "regretted", "returns") == [(GIVEN, 20), (ENDED, -20)]
    assert posted(shop, "regretted", "goodwill") == []


def test_later_shipping_is_posted_on_the_day_of_its_version(shop: Shop) -> None:
    assert posted(shop, "freight", "shipping_income") == [(LEFT, Decimal(-5)), (CHANGED, Decimal(-2))]


def test_a_lost_parcel_is_taken_back_on_the_day_of_its_loss(shop: Shop) -> None:
    """Two units are lost on the ninth. The third, which left on the fourth, becomes the first that is sold."""
    assert posted(shop, "lost", "sales") == [
        (LEFT, Decimal(-60)),
        (date(2026, 3, 4), Decimal(-30)),
        (ENDED, Decimal(60)),
    ]
    assert posted(shop, "lost", "cost_of_goods") == [(LEFT, 20), (date(2026, 3, 4), 10), (ENDED, -20)]
    assert posted(shop, "lost", "inventory") == [(LEFT, -20), (date(2026, 3, 4), -10)]
    assert posted(shop, "lost", "lost_goods") == [(ENDED, 20)]
    assert posted(shop, "lost", "shipping_income") == [(LEFT, -5)]


def test_a_lost_parcel_that_is_sent_again_is_sold_again(shop: Shop) -> None:
    assert posted(shop, "again", "sales") == [(LEFT, -60), (ENDED, 60), (date(2026, 3, 12), -60)]
    assert posted(shop, "again", "shipping_income") == [(LEFT, -5), (ENDED, 5), (date(2026, 3, 12), -5)]
    assert posted(shop, "again", "lost_goods") == [(ENDED, 20)]


def test_goods_of_a_cancelled_parcel_go_back_to_inventory(shop: Shop) -> None:
    assert posted(shop, "taken_back", "inventory") == [(LEFT, -20), (ENDED, 20)]
    assert posted(shop, "taken_back", "sales") == [(LEFT, -60), (ENDED, 60)]


def test_what_the_rates_of_two_days_leave_is_a_realised_difference(shop: Shop) -> None:
    """60.00 USD are worth 60.00 EUR when paid and 50.00 when shipped; then 50.00 when shipped and 40.00 when paid."""
    assert balances(shop, "order_id = 'dollars'") == {
        "cash_in_transit": 60, "sales": -50, "fx_difference": -10, "cost_of_goods": 20, "inventory": -20
    }  # fmt: skip
    assert balances(shop, "order_id = 'owed'") == {
        "cash_in_transit": 40, "sales": -50, "fx_difference": 10, "cost_of_goods": 20, "inventory": -20
    }  # fmt: skip


def test_a_refund_in_another_currency_at_another_rate_leaves_a_difference(shop: Shop) -> None:
    """60.00 USD are worth 60.00 EUR when they come and 40.00 when they go back."""
    assert balances(shop, "order_id = 'exchanged'") == {"cash_in_transit": 20, "fx_difference": -20}


def test_every_part_of_a_payout_has_an_account_of_its_kind(shop: Shop) -> None:
    assert balances(shop, "payout_id = 'po'") == {
        "cash": 49, "fees": 2, "cash_in_transit": -60, "payout_adjustments": 3, "provider_reserves": 4,
        "dispute_fees": 1, "unexplained_payouts": 1,
    }  # fmt: skip


def test_the_bridge_leads_from_placed_sales_to_the_journal(shop: Shop) -> None:
    found = shop.published(
        "select business_date, placed_amount, timing_amount, versions_amount, parcels_amount, journal_amount "
        "from marts.fct_journal_bridge where measure = 'gross_sales' and currency = 'EUR' order by business_date"
    )
    # Placed on the second: dearer 93, sent back 58, lost 90; freight, again, taken back, paid, unasked, regretted 60.
    assert found == [
        (date(2026, 3, 2), 601, -601, 0, 0, 0),
        (LEFT, 0, 240, 0, 240, 480),
        (date(2026, 3, 4), 0, 30, 0, 0, 30),
        (GIVEN, 0, 0, 0, 0, 0),
        (date(2026, 3, 6), 0, 0, 0, 0, 0),
        (date(2026, 3, 8), 0, 0, 0, 0, 0),
        (ENDED, 0, 0, 0, -240, -240),
        (CHANGED, 0, 0, 0, 0, 0),
        (date(2026, 3, 12), 0, 60, 0, 0, 60),
    ]
    returns = shop.published(
        "select business_date, placed_amount, versions_amount, journal_amount from marts.fct_journal_bridge "
        "where measure = 'returns' and currency = 'EUR' and journal_amount <> 0 order by business_date"
    )
    assert returns == [
        (GIVEN, 0, 20, 20),
        (date(2026, 3, 6), 29, 1, 30),
        (date(2026, 3, 8), 30, 0, 30),
        (ENDED, 0, -20, -20),
        (CHANGED, 0, -1, -1),
    ]
    ((left_over,),) = shop.published(
        "select count(*) from marts.fct_journal_bridge "
        "where unexplained_amount is distinct from 0 or unexplained_amount_reporting is distinct from 0"
    )
    assert left_over == 0


def test_a_change_is_converted_at_the_rate_of_its_own_day(shop: Shop) -> None:
    """62.00 USD at 1.20 are 51.67 EUR in the revenue mart. The journal has 50.00 of then and 2.00 at 1.50."""
    found = shop.published(
        "select business_date, placed_amount_reporting + timing_amount_reporting, versions_amount_reporting, "
        "rates_amount_reporting, journal_amount_reporting from marts.fct_journal_bridge "
        "where measure = 'gross_sales' and currency = 'USD' and business_date > '2026-03-02' order by business_date"
    )
    assert found == [
        (LEFT, Decimal("151.67"), Decimal("-1.33"), Decimal("-0.34"), Decimal(150)),
        (CHANGED, 0, Decimal("1.33"), 0, Decimal("1.33")),
    ]
