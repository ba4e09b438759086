"""Sections of the products page: categories and products with their trend and their margin."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared import address
from shared.access import Version
from shared.formats import count, day
from shared.layout import empty
from shared.listing import listing
from shared.tables import Column, column, word

__all__ = ["categories", "products"]

TRENDS = ["rising", "falling", "no_clear_change", "new", "no_demand"]
CATEGORIES = """
    select item, trend, change_per_week, change_low_per_week, change_high_per_week, from_date, until_date
    from marts.fct_product_performance
    where item_level = 'category' and change_per_week is not null order by change_per_week desc, item
"""
NUMBERS = """
    select count(*) filter (trend = 'rising') as rising, count(*) filter (trend = 'falling') as falling,
        count(*) filter (trend in ('rising', 'falling', 'no_clear_change')) as compared
    from marts.fct_product_performance where item_level = 'sku'
"""
ITEMS = """
    select performance.*, products.name as product
    from marts.fct_product_performance as performance
    left join marts.dim_products as products on performance.item_level = 'sku' and products.sku = performance.item
    where performance.item_level = ? and (? is null or performance.trend = ?)
        and (? is null or performance.category = ?)
        and (? = '' or contains(lower(concat_ws(' ', performance.item, products.name)), lower(?)))
"""


def categories(version: Version) -> None:
    """Draw the change of each category with its interval, and list what each left."""
    found = version.rows(CATEGORIES)
    if found.is_empty():
        empty("No category has demand in the last sixteen complete weeks.")
        return
    title = "Change in units a week, with its 95 % interval"
    st.altair_chart(
        charts.intervals(
            found, "item", "change_per_week", "change_low_per_week", "change_high_per_week", title, noun="Category"
        )
    )
    first, last = found.select("from_date", "until_date").row(0)
    st.caption(
        f"{day(first)} to {day(last)} against the eight weeks before. An interval that contains zero cannot be told "
        "from chance."
    )
    listing(
        version,
        ITEMS,
        ("category", None, None, None, None, "", ""),
        {"item": column("Category"), **_columns(version)},
        key="category_performance",
        noun="categories",
        unique="item",
        sort="-net_sales_amount_reporting",
        prefix="categories_",
        nothing="No category has demand.",
    )


def products(version: Version) -> str | None:
    """List the products of a trend, and return the picked one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = address.text("find", "SKU or product", placeholder="Part of either", width=300)
        trend = address.choice("trend", "Trend", TRENDS, width=180)
        names = version.rows("select distinct category from marts.fct_product_performance order by category")
        category = address.choice("category", "Category", names["category"].to_list(), width=180)
    numbers = version.row(NUMBERS)
    listed = listing(
        version,
        ITEMS,
        ("sku", trend, trend, category, category, search, search),
        {"item": column("SKU"), "product": column("Product"), "category": column("Category"), **_columns(version)},
        key="product_performance",
        noun="products",
        unique="item",
        sort="-net_sales_amount_reporting",
        prefix="products_",
        nothing="No product matches the filters.",
        opens="See what is bought with it",
        height=420,
    )
    st.caption(
        f"{count(numbers['rising'])} of {count(numbers['compared'])} rise, and {count(numbers['falling'])} fall. "
        "Among a hundred that did not change, about five intervals miss zero by chance."
    )
    if listed.opened:
        st.query_params["sku"] = listed.opened["item"]
        return str(listed.opened["item"])
    return None


def _columns(version: Version) -> dict[str, Column]:
    """Return the columns of trend and margin."""
    money = version.currency
    return {
        "trend": word("Trend", "Rising or falling only if the whole interval is on one side of zero."),
        "recent_per_week": column("A week", "In the last eight complete weeks.", unit="units", digits=1),
        "earlier_per_week": column("A week before", "In the eight weeks before.", unit="units", digits=1),
        "change_low_per_week": column("Change from", "Lower end of the 95 % interval.", unit="units a week", digits=1),
        "change_high_per_week": column("Change to", "Upper end of the 95 % interval.", unit="units a week", digits=1),
        "net_sales_amount_reporting": column(
            "Net sales", "After returns, last eight weeks.", unit=money, is_amount=True
        ),
        "returns_amount_reporting": column("Returns", unit=money, is_amount=True),
        "cost_of_goods_amount_reporting": column("Goods", "Cost of goods.", unit=money, is_amount=True),
        "shipping_cost_reporting": column(
            "Shipping", "Cost of the parcels, shared by shipped units of the order.", unit=money, is_amount=True
        ),
        "margin_reporting": column("Margin", "Net sales less goods and shipping.", unit=money, is_amount=True),
        "margin_rate": column("Margin rate", "Margin ÷ net sales.", per_cent=True),
    }
