"""Purchase proposals of the inventory page: one order per supplier, and its lines."""

from __future__ import annotations

import streamlit as st
from shared import address
from shared.access import Version
from shared.formats import count, day, per_cent
from shared.layout import empty
from shared.listing import listing
from shared.tables import column, word

__all__ = ["proposals"]

SUPPLIERS = """
    select concat_ws('|', supplier, currency) as row_id, supplier, lines_count, forecast_lines_count, reorder_quantity,
        cost_amount, currency, order_by_date, stock_out_date, longest_lead_time_days, origin_date
    from marts.fct_purchase_proposals
"""
LINES = """
    select proposals.sku, products.name as product, proposals.supplier, proposals.reorder_quantity,
        proposals.cost_amount, proposals.currency, proposals.order_by_date, proposals.stock_out_date,
        proposals.arrival_date, proposals.lead_time_days, proposals.lead_expected_quantity, proposals.reorder_point,
        proposals.position_quantity, proposals.due_quantity, proposals.later_quantity, products.pack_size,
        products.minimum_order_quantity, proposals.basis, proposals.basis_reason, proposals.model,
        proposals.origin_date, proposals.loss_ratio, proposals.kind_loss_ratio, proposals.kind_wape_rate,
        proposals.kind_average_wape_rate, proposals.kind_coverage_rate
    from marts.fct_reorder_proposals as proposals
    left join marts.dim_products as products on products.sku = proposals.sku
    where proposals.position_level = 'network' and proposals.reorder_quantity > 0
        and (? is null or proposals.supplier = ?)
"""
BASIS = """
    select count(*) as lines, count(*) filter (basis = 'forecast') as by_forecast, max(origin_date) as origin_date,
        max(kind_wape_rate) as wape, max(kind_average_wape_rate) as average_wape
    from marts.fct_reorder_proposals where position_level = 'network' and reorder_quantity > 0
"""


def proposals(version: Version) -> None:
    """List the orders by supplier, and the lines of one supplier or of all."""
    listed = listing(
        version,
        SUPPLIERS,
        (),
        {
            "supplier": column("Supplier"),
            "lines_count": column("Lines", digits=0),
            "forecast_lines_count": column("By forecast", "Lines whose quantity rests on a forecast.", digits=0),
            "reorder_quantity": column("Units", digits=0),
            "cost_amount": column("Cost", "At weighted average cost of receipts.", is_amount=True),
            "currency": column("Currency"),
            "order_by_date": column("Order by", "Earliest of the lines."),
            "stock_out_date": column("Runs out", "Earliest day on which a line is expected to run out."),
            "longest_lead_time_days": column("Lead time", "Longest of the lines.", unit="days", digits=0),
        },
        key="purchase_proposals",
        noun="orders to suppliers",
        unique="row_id",
        sort="order_by_date",
        ties="cost_amount desc nulls last",
        prefix="purchases_",
        nothing="Nothing is to be ordered: every SKU is above its reorder point.",
        opens="See the lines of the supplier",
    )
    if listed.opened:
        address.write("supplier", listed.opened["supplier"])
    if not listed.total:
        return
    st.caption(_basis(version))
    supplier = st.query_params.get("supplier")
    st.markdown(f"**Lines of {supplier}**" if supplier else "**Lines of all suppliers**")
    if supplier and st.button("All suppliers", icon=":material/arrow_back:", type="tertiary"):
        del st.query_params["supplier"]
        st.rerun()
    _lines(version, supplier)


def _basis(version: Version) -> str:
    """Say what the quantities rest on, and how good that has been."""
    found = version.row(BASIS)
    if found["origin_date"] is None:
        return "Nothing was forecast for these SKUs, so that all quantities rest on the average of 90 days."
    record = (
        f" In the backtest forecasts erred by {per_cent(found['wape'])} of demand, and the average of 13 weeks by "
        f"{per_cent(found['average_wape'])}."
        if found["wape"] is not None
        else ""
    )
    return (
        f"{count(found['by_forecast'])} of {count(found['lines'])} lines rest on forecasts from "
        f"{day(found['origin_date'])}, the others on the average of 90 days: it was better for them, or no forecast "
        f"of them could be tested.{record}"
    )


def _lines(version: Version, supplier: str | None) -> None:
    """List the SKUs to order."""
    found = listing(
        version,
        LINES,
        (supplier, supplier),
        {
            "sku": column("SKU"),
            "product": column("Product"),
            "supplier": column("Supplier"),
            "reorder_quantity": column("Order", "At least the minimum, in whole packs.", unit="units", digits=0),
            "cost_amount": column("Cost", is_amount=True),
            "currency": column("Currency"),
            "order_by_date": column("Order by", "So that the units arrive before the stock runs out."),
            "stock_out_date": column("Runs out", "Expected day, within 56 days."),
            "arrival_date": column("Arrives", "If ordered on the day of the clock."),
            "lead_expected_quantity": column("Demand", "Expected over the lead time.", unit="units", digits=1),
            "reorder_point": column("Reorder at", digits=0),
            "position_quantity": column("Position", "Available less backordered plus what is due.", digits=0),
            "due_quantity": column("Due", "Units that arrive within the lead time.", digits=0),
            "later_quantity": column("Due later", digits=0),
            "basis": word("Basis", "Forecast, or window: the average of 90 days."),
            "basis_reason": word("Why"),
            "origin_date": column("Origin", "Last day that the forecast knew."),
            "loss_ratio": column("Loss, SKU", "Pinball loss of the forecast ÷ that of the average.", digits=2),
            "kind_loss_ratio": column("Loss, kind", "The same over all SKUs of the kind.", digits=2),
        },
        key="purchase_lines",
        noun="lines",
        unique="sku",
        sort="order_by_date",
        ties="cost_amount desc nulls last",
        prefix="lines_",
        nothing="This supplier has no line to order.",
        height=360,
    )
    if not found.total:
        empty("Pick another supplier above.")
