"""Products page: rising and falling products and categories, their margins after returns and shipping, and baskets."""

from __future__ import annotations

import streamlit as st
from shared.layout import section, start

from app_pages import products_baskets, products_performance

version = start("Products", "What rises, what falls, what is left of the sales, and what is bought together?")
with section(
    "Which categories rise or fall?",
    "Units of the last eight complete weeks against the eight before, with a 95 % interval.",
):
    products_performance.categories(version)
with section("Which products rise or fall?", "Open a row to see what is bought with the product."):
    picked = products_performance.products(version)
sku = picked or st.query_params.get("sku")
with section(
    f"What is bought with {sku}?" if sku else "What is bought together?",
    "Orders of 365 days. Lift: how many times as often as if both were bought independently.",
):
    products_baskets.baskets(version, sku)
