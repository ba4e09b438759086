"""True sales and returns per business day and currency, computed from the world itself.

The true state of orders belongs in `order_truth`, of units in `line_truth`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from orderhouse.simulate.amounts import proportion
from orderhouse.simulate.calendar import business_dates
from orderhouse.simulate.catalogue import CURRENCIES, GIFT_CARD, GOODS
from orderhouse.simulate.columns import words
from orderhouse.simulate.draws import Bools, Ints
from orderhouse.simulate.life import Lives
from orderhouse.simulate.line_truth import lines_at, per_order
from orderhouse.simulate.owing import line_net, line_tax


def daily_truth(lives: Lives, instant: int) -> pl.DataFrame:
    """Return sums per business day and currency as of an instant, in hundredths, without test orders and gift cards.

    Sales count on the day of placing, for the units not cancelled: gross, discount, net on the basis of the unit price,
    `tax_included` the part of net that is tax, `tax_added` the tax on top. Returns are the net of returned units on the
    day of receipt. Goodwill is the goods part of refunds tied to neither a return nor a cancellation, on their day.
    """
    frames = [_sales(lives, instant), _shipping(lives, instant), _returns(lives, instant), _goodwill(lives, instant)]
    return pl.concat(frames, how="diagonal").group_by("business_date", "currency").agg(pl.all().sum())


def _sum_days(order: Ints, at: Ints, lives: Lives, happens: Bools, **sums: Ints) -> pl.DataFrame:
    chosen = happens & ~lives.orders.is_test[order]
    currency = lives.orders.currency[order[chosen]]
    keys = {"business_date": business_dates(at[chosen]), "currency": words(CURRENCIES, currency)}
    frame = pl.DataFrame({**keys, **{name: values[chosen] for name, values in sums.items()}})
    return frame.group_by("business_date", "currency").agg(pl.all().sum())


def _sales(lives: Lives, instant: int) -> pl.DataFrame:
    lines, state = lives.lines, lines_at(lives, instant)
    kept = lines.quantity - state.cancelled
    inclusive = lives.orders.prices_include_tax[lines.order]
    tax = line_tax(lines, kept)
    return _sum_days(
        lines.order,
        lives.orders.placed_at[lines.order],
        lives,
        state.is_placed & (lines.kind != GIFT_CARD),
        units=kept,
        gross=kept * lines.unit_price,
        discount=proportion(lines.discount, kept, lines.quantity, lines.step),
        net=line_net(lines, kept),
        tax_included=np.where(inclusive, tax, 0),
        tax_added=np.where(inclusive, 0, tax),
    )


def _shipping(lives: Lives, instant: int) -> pl.DataFrame:
    orders, state = lives.orders, lines_at(lives, instant)
    kept = per_order(lives, lives.lines.quantity - state.cancelled) > 0
    tax = np.where(kept, orders.shipping_tax, 0)
    return _sum_days(
        np.arange(len(orders), dtype=np.int64),
        orders.placed_at,
        lives,
        orders.placed_at <= instant,
        orders=np.ones(len(orders), dtype=np.int64),
        shipping=np.where(kept, orders.shipping, 0),
        shipping_tax_included=np.where(orders.prices_include_tax, tax, 0),
        shipping_tax_added=np.where(orders.prices_include_tax, 0, tax),
    )


def _returns(lives: Lives, instant: int) -> pl.DataFrame:
    lines, state = lives.lines, lines_at(lives, instant)
    kept = lines.quantity - state.cancelled
    rest = kept - state.returned
    back = (state.returned > 0) & (lines.kind == GOODS)
    net = np.where(back, line_net(lines, kept) - line_net(lines, rest), 0)
    tax = np.where(back, line_tax(lines, kept) - line_tax(lines, rest), 0)
    inclusive = lives.orders.prices_include_tax[lines.order]
    at = lives.returns.received_at[lines.order]
    return _sum_days(
        lines.order,
        at,
        lives,
        back,
        returned_units=state.returned,
        returns=net,
        returns_tax_included=np.where(inclusive, tax, 0),
    )


def _goodwill(lives: Lives, instant: int) -> pl.DataFrame:
    payments = lives.payments
    happens = payments.for_goodwill & (payments.occurred_at <= instant)
    return _sum_days(payments.order, payments.occurred_at, lives, happens, goodwill=payments.goods)
