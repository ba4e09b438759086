"""What-if view of service levels: reorder points and the value of safety stock."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared import address
from shared.access import Version
from shared.formats import count, day, per_cent, short_money
from shared.layout import Figure, empty, figures
from shared.listing import listing
from shared.tables import column, word

__all__ = ["levels"]

SUPPLIERS = "select distinct supplier from marts.fct_reorder_proposals order by supplier"
LEVELS = """
    select service_level_rate, sum(safety_quantity) as safety_quantity, sum(safety_value_amount) as safety_value,
        count(*) filter (is_at_reorder_point) as at_point, count(*) filter (safety_value_amount is null) as unknown
    from marts.fct_service_levels
    where position_level = 'network' and (? is null or supplier = ?) and coalesce(currency, ?) = ?
    group by service_level_rate order by service_level_rate
"""
RECORD = """
    select count(*) as skus, count(*) filter (basis = 'forecast') as by_forecast, max(origin_date) as origin_date,
        count(*) filter (basis_reason = 'no_forecast') as unforecast
    from marts.fct_reorder_proposals where position_level = 'network' and (? is null or supplier = ?)
"""
SKUS = """
    select levels.sku, products.name as product, levels.supplier, levels.basis, levels.reorder_point,
        levels.safety_quantity, levels.safety_value_amount, levels.currency, levels.is_at_reorder_point,
        proposals.loss_ratio, proposals.kind_loss_ratio, levels.origin_date
    from marts.fct_service_levels as levels
    join marts.fct_reorder_proposals as proposals using (sku, warehouse_id)
    left join marts.dim_products as products on products.sku = levels.sku
    where levels.position_level = 'network' and (? is null or levels.supplier = ?)
        and levels.service_level_rate = ?
"""


def levels(version: Version) -> None:
    """Draw the value of safety stock over service levels, and list the SKUs at one of them."""
    suppliers = version.rows(SUPPLIERS)["supplier"].to_list()
    if not suppliers:
        empty("Stock is not tracked: no source covers stock, so there are no reorder points.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        supplier = address.choice("supplier", "Supplier", suppliers)
        found = version.rows(LEVELS, (supplier, supplier, version.currency, version.currency))
        rates = [str(rate) for rate in found["service_level_rate"].to_list()]
        chosen = address.one("level", "Service level", rates, "0.95", written=lambda rate: per_cent(float(rate)))
    at = found.row(rates.index(chosen), named=True)
    record = version.row(RECORD, (supplier, supplier))
    figures(
        [
            Figure("Safety stock", short_money(at["safety_value"], version.currency), "At weighted average cost."),
            Figure("Units", count(at["safety_quantity"]), "Units kept for more demand than expected."),
            Figure("At the reorder point", count(at["at_point"]), "SKUs that would have to be ordered now."),
            Figure(
                "By forecast", count(record["by_forecast"]), f"Of {count(record['skus'])} SKUs; others by the average."
            ),
        ]
    )
    st.altair_chart(
        charts.curve(
            found, "service_level_rate", "safety_value", ("Service level", f"Safety stock ({version.currency})")
        )
    )
    said = f"Forecasts from {day(record['origin_date'])}." if record["origin_date"] else "Nothing was forecast."
    st.caption(f"{said} A level is an aim: the record of each SKU and of its kind is in the list.")
    listing(
        version,
        SKUS,
        (supplier, supplier, float(chosen)),
        {
            "sku": column("SKU"),
            "product": column("Product"),
            "supplier": column("Supplier"),
            "reorder_point": column("Reorder at", digits=0),
            "safety_quantity": column("Safety stock", unit="units", digits=0),
            "safety_value_amount": column("Value", is_amount=True),
            "currency": column("Currency"),
            "is_at_reorder_point": column("At the point"),
            "basis": word("Basis", "Forecast, or window: the average of 90 days."),
            "loss_ratio": column("Loss, SKU", "Pinball loss of the forecast ÷ that of the average.", digits=2),
            "kind_loss_ratio": column("Loss, kind", "The same over all SKUs of the kind.", digits=2),
            "origin_date": column("Origin"),
        },
        key="service_levels",
        noun="SKUs",
        unique="sku",
        sort="-safety_value_amount",
        prefix="levels_",
        nothing="No SKU matches.",
        height=360,
    )
