"""Section of the products page: what is bought together."""

from __future__ import annotations

import streamlit as st
from shared.access import Version
from shared.listing import listing
from shared.tables import column

__all__ = ["baskets"]

PAIRS = """
    select concat_ws('|', pairs.sku, pairs.other_sku) as pair, pairs.sku, one.name as product, pairs.other_sku,
        other.name as other_product, pairs.orders_count, pairs.support_rate, pairs.confidence_rate, pairs.lift
    from marts.fct_product_affinity as pairs
    left join marts.dim_products as one on one.sku = pairs.sku
    left join marts.dim_products as other on other.sku = pairs.other_sku
    where case when ? is null then pairs.sku < pairs.other_sku else pairs.sku = ? end
"""


def baskets(version: Version, sku: str | None) -> None:
    """List the pairs of a product, or of all."""
    nothing = f"No product has been bought often enough with {sku}." if sku else "No two products are bought together."
    if sku and st.button("All pairs", icon=":material/arrow_back:", type="tertiary"):
        del st.query_params["sku"]
        st.rerun()
    listing(
        version,
        PAIRS,
        (sku, sku),
        {
            "sku": column("SKU"),
            "product": column("Product"),
            "other_sku": column("Bought with"),
            "other_product": column("Product bought with"),
            "orders_count": column("Orders in common", digits=0),
            "support_rate": column("Share of orders", per_cent=True),
            "confidence_rate": column("Confidence", "Share of the orders of the first SKU.", per_cent=True),
            "lift": column("Lift", "Above one: together more often than by chance.", digits=2),
        },
        key="baskets",
        noun="pairs",
        unique="pair",
        sort="-lift",
        prefix="baskets_",
        nothing=nothing,
        height=360,
    )
