"""Tests of the truth beside the feeds, computed again from the feed rows by other code."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.simulate.worlds import current, feed, money, truth

_UNITS = ("ordered", "cancelled", "shipped", "lost", "carrier_returned", "recalled", "delivered", "returned", "open")


def _charged(column: str) -> pl.Expr:
    """Return the tax that is added to the amount that the customer pays."""
    return pl.when(pl.col("prices_include_tax") == "true").then(pl.lit(0)).otherwise(money(column))


def test_due_is_lines_plus_shipping(tidy_world: Path) -> None:
    orders = current(feed(tidy_world, "orders"), "order_id")
    lines = current(feed(tidy_world, "order_lines"), "order_id", "line_id")
    lines = lines.join(orders.select("order_id", "prices_include_tax"), on="order_id")
    net = money("unit_price") * pl.col("quantity").cast(pl.Int64) - money("discount_amount") + _charged("tax_amount")
    owed = lines.group_by("order_id").agg(net.sum().alias("lines"))
    shipping = orders.select("order_id", money("shipping_amount") + _charged("shipping_tax_amount"))
    both = owed.join(shipping, on="order_id").join(truth(tidy_world, "orders"), on="order_id")
    assert both.height == 2_500
    assert both.filter(pl.col("lines") + pl.col("shipping_amount") != pl.col("ordered_due_amount")).is_empty()
    untouched = both.filter(pl.col("cancelled_quantity") == 0)
    assert untouched.filter(pl.col("due_amount") != pl.col("ordered_due_amount")).is_empty()
    gone = both.filter(pl.col("cancelled_quantity") == pl.col("ordered_quantity"))
    assert gone.height > 0
    assert gone.filter(pl.col("due_amount") != 0).is_empty()


def test_payments_tie_to_the_truth(tidy_world: Path) -> None:
    kinds = {"authorized": "authorized", "captured": "captured", "voided": "voided", "refunded": "refunded"}
    sums = [money("amount").filter(pl.col("kind") == kind).sum().alias(name) for name, kind in kinds.items()]
    paid = feed(tidy_world, "payments").group_by("order_id").agg(sums)
    both = (
        truth(tidy_world, "orders").join(paid, on="order_id", how="left").with_columns(pl.col(list(kinds)).fill_null(0))
    )
    # What is authorised and then voided is authorised no longer.
    both = both.with_columns(pl.col("authorized") - pl.col("voided"))
    for name in kinds:
        assert both.filter(pl.col(name) != pl.col(f"{name}_amount")).is_empty(), name
    assert both.filter(pl.col("refunded_amount") > pl.col("captured_amount")).is_empty()


def test_paid_orders_paid_what_is_due(tidy_world: Path) -> None:
    orders = truth(tidy_world, "orders")
    paid = orders.filter(pl.col("payment_status") == "paid")
    beyond = pl.col("captured_amount") - pl.col("refunded_amount") - pl.col("due_amount")
    assert paid.height > 2_000
    assert paid.filter(beyond > 1).is_empty()
    # Only goods that came back leave less to pay than was due.
    assert paid.filter((beyond < -1) & (pl.col("returned_quantity") == 0)).is_empty()
    assert orders.filter((pl.col("order_status") == "closed") & (pl.col("open_quantity") > 0)).is_empty()


def test_every_unit_is_somewhere(tidy_world: Path) -> None:
    orders = truth(tidy_world, "orders")
    parts = pl.col("cancelled_quantity") + pl.col("shipped_quantity") + pl.col("open_quantity")
    assert orders.filter(parts != pl.col("ordered_quantity")).is_empty()
    assert orders.filter(pl.any_horizontal(pl.col(f"{name}_quantity") < 0 for name in _UNITS)).is_empty()
    assert orders.filter(pl.col("delivered_quantity") > pl.col("shipped_quantity")).is_empty()


def test_statuses_of_all_kinds_occur(tidy_world: Path) -> None:
    orders = truth(tidy_world, "orders")
    assert set(orders["order_status"]) == {"cancelled", "on_hold", "closed", "confirmed", "placed"}
    assert {"disputed", "refunded", "part_refunded", "overpaid", "paid", "authorized", "failed", "none"} <= set(
        orders["payment_status"]
    )


def test_stock_on_hand_follows_from_the_movements(tidy_world: Path) -> None:
    levels = _movements(tidy_world).group_by("sku", "warehouse_id").agg(pl.col("after").last())
    known = truth(tidy_world, "on_hand").select("sku", "warehouse_id", pl.col("on_hand_quantity").alias("truth"))
    both = levels.join(known, on=["sku", "warehouse_id"], how="full", coalesce=True).fill_null(0)
    assert both.filter(pl.col("after") != pl.col("truth")).is_empty()


def test_no_parcel_ships_units_that_are_not_there(tidy_world: Path) -> None:
    assert _movements(tidy_world).filter(pl.col("after") < 0).is_empty()


def test_stock_runs_out(tidy_world: Path) -> None:
    lines = current(feed(tidy_world, "order_lines"), "order_id", "line_id")
    parcels = feed(tidy_world, "shipments").join(
        lines.select("order_id", "line_id", "updated_at"), on=["order_id", "line_id"]
    )
    waited = pl.col("shipped_at").str.to_datetime(time_zone="UTC") - pl.col("updated_at").str.to_datetime(
        time_zone="UTC"
    )
    assert parcels.filter(waited > pl.duration(days=8)).height > 10


def test_days_add_up_to_the_orders(tidy_world: Path) -> None:
    lines = current(feed(tidy_world, "order_lines"), "order_id", "line_id").filter(pl.col("is_gift_card") == "false")
    quiet = truth(tidy_world, "orders").filter(~pl.col("is_test")).select("order_id", "currency", "is_cancelled")
    kept = pl.col("quantity").cast(pl.Int64) - pl.col("cancelled_quantity").cast(pl.Int64)
    sales = lines.join(quiet.filter(~pl.col("is_cancelled")), on="order_id").group_by("currency")
    gross = sales.agg((money("unit_price") * kept).sum().alias("expected"))
    daily = truth(tidy_world, "daily").group_by("currency").agg(pl.col("gross_amount").sum(), pl.col("orders").sum())
    both = gross.join(daily, on="currency").join(_cancelled_but_shipped(tidy_world), on="currency", how="left")
    expected = pl.col("expected") + pl.col("late").fill_null(0)
    assert both.height == 7
    assert both.filter(expected != pl.col("gross_amount")).is_empty()
    assert daily["orders"].sum() == quiet.height
    days = truth(tidy_world, "daily")
    parts = pl.col("gross_amount") - pl.col("discount_amount")
    assert days.filter(parts != pl.col("net_amount")).is_empty()


def _cancelled_but_shipped(world: Path) -> pl.DataFrame:
    """Return the gross of units that were shipped and kept although their order was cancelled."""
    orders = truth(world, "orders").filter(~pl.col("is_test") & pl.col("is_cancelled"))
    lines = current(feed(world, "order_lines"), "order_id", "line_id")
    gone = feed(world, "tracking").filter(pl.col("status").is_in(["cancelled", "lost", "returned"]))
    parcels = feed(world, "shipments").filter(
        ~pl.col("shipment_id").is_in(gone["shipment_id"].drop_nulls().implode())
        & ~pl.col("tracking_number").is_in(gone["tracking_number"].implode())
    )
    shipped = parcels.join(lines.select("order_id", "line_id", "unit_price"), on=["order_id", "line_id"])
    units = money("unit_price") * pl.col("quantity").cast(pl.Int64)
    return shipped.join(orders, on="order_id").group_by("currency").agg(units.sum().alias("late"))


def _movements(world: Path) -> pl.DataFrame:
    """Return every change of stock in time order, with the level after it; a count sets the level."""
    shipments = feed(world, "shipments")
    recalled = feed(world, "tracking").filter(pl.col("status") == "cancelled")
    by_number = shipments.join(recalled.select("tracking_number", "occurred_at"), on="tracking_number")
    restocked = feed(world, "returns").filter(pl.col("status") == "restocked")
    units = pl.col("quantity").cast(pl.Int64)
    place, when = ["sku", "warehouse_id"], pl.col("occurred_at").alias("at")
    stock = feed(world, "stock")
    signed = pl.when(pl.col("kind") == "transfer_out").then(-units).otherwise(units)
    is_count = pl.col("kind") == "count"
    rows = pl.concat(
        [
            stock.select(*place, when, signed.alias("change"), is_count.alias("is_count")),
            shipments.select(*place, pl.col("shipped_at").alias("at"), -units.alias("change"), is_count=False),
            by_number.select(*place, when, units.alias("change"), is_count=False),
            restocked.select(*place, when, units.alias("change"), is_count=False),
        ]
    ).sort(*place, "at", maintain_order=True)
    epoch = pl.col("is_count").cum_sum().over(place)
    return rows.with_columns(epoch.alias("epoch")).with_columns(
        pl.col("change").cum_sum().over([*place, "epoch"]).alias("after")
    )


def test_services_and_gift_cards_have_no_stock(tidy_world: Path) -> None:
    lines = feed(tidy_world, "order_lines")
    immaterial = lines.filter(pl.col("requires_shipping") == "false")["sku"].unique()
    assert immaterial.len() > 0
    for name in ("stock", "inbound", "shipments"):
        assert feed(tidy_world, name).filter(pl.col("sku").is_in(immaterial.implode())).is_empty(), name


def test_test_orders_move_no_stock(tidy_world: Path) -> None:
    tests = truth(tidy_world, "orders").filter(pl.col("is_test"))
    assert tests.height > 0
    assert tests["shipped_quantity"].sum() == 0
