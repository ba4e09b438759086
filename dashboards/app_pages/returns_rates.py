"""Return rates over time, by category and by SKU. Figures of young orders are marked: they still change."""

from __future__ import annotations

from orderhouse import charts
from shared import address
from shared.access import Version
from shared.formats import label
from shared.layout import drawing, empty
from shared.listing import listing
from shared.periods import Period
from shared.tables import column, table

__all__ = ["by_category", "by_sku", "over_time"]

KPI = "return_rate_units"
# A week is final once all of its days are.
WEEKS = """
    select date_trunc('week', business_date)::date as week,
        case when bool_and(is_mature) then 'Final' else 'Not final' end as state,
        sum(numerator) / nullif(sum(denominator), 0)::double as rate
    from marts.fct_kpi_daily
    where kpi = ? and dimension = 'all' and business_date between ? and ?
    group by week having sum(denominator) > 0 order by week
"""
BY_DIMENSION = """
    select dimension_value as name,
        sum(numerator) filter (is_mature) / nullif(sum(denominator) filter (is_mature), 0)::double as rate,
        coalesce(sum(numerator) filter (is_mature), 0)::bigint as returned,
        coalesce(sum(denominator) filter (is_mature), 0)::bigint as shipped,
        coalesce(sum(denominator) filter (not is_mature), 0)::bigint as not_final
    from marts.fct_kpi_daily
    where kpi = ? and dimension = ? and business_date between ? and ?
    group by dimension_value order by rate desc nulls last, name
"""
DIMENSIONS = (
    "select distinct dimension from marts.fct_kpi_daily where kpi = ? and dimension <> 'all' order by dimension"
)
# The same units as the KPI's, by SKU: of orders whose shipments and returns are tracked.
BY_SKU = """
    with lines as (
        select lines.sku, lines.shipped_quantity, lines.returned_quantity,
            lines.placed_date <= ?::date - mature_after_days::integer as is_mature
        from ops.order_lines as lines
        join ops.orders as orders on orders.order_id = lines.order_id
        cross join (select mature_after_days from marts.kpi_catalogue where kpi = ?) as kpi
        where orders.is_return_tracked and orders.is_shipment_tracked and lines.placed_date between ? and ?
    )
    select lines.sku, any_value(products.name) as product, any_value(products.category) as category,
        sum(returned_quantity) filter (is_mature) / nullif(sum(shipped_quantity) filter (is_mature), 0)::double as rate,
        coalesce(sum(returned_quantity) filter (is_mature), 0)::bigint as returned,
        coalesce(sum(shipped_quantity) filter (is_mature), 0)::bigint as shipped,
        coalesce(sum(shipped_quantity) filter (not is_mature), 0)::bigint as not_final
    from lines left join marts.dim_products as products on products.sku = lines.sku
    group by lines.sku having sum(shipped_quantity) > 0
"""
RATES = {
    "rate": column("Return rate", "Returned ÷ shipped units.", per_cent=True),
    "returned": column("Returned", unit="units", digits=0),
    "shipped": column("Shipped", unit="units", digits=0),
    "not_final": column("Not final", "Shipped units of younger orders, which are not in the rate.", digits=0),
}


def over_time(version: Version, period: Period) -> None:
    """Draw the rate by week. Weeks that still change have a colour of their own."""
    found = version.rows(WEEKS, (KPI, period.first, period.last))
    chart = charts.lines_over_time(found, "week", "rate", "Return rate", series="state", per_cent=True)
    drawing(found, chart, "Nothing that was placed in this period has shipped, or returns are not tracked.")


def by_category(version: Version, period: Period) -> None:
    """Show the rate by category, or by another dimension of the KPI."""
    dimensions = version.rows(DIMENSIONS, (KPI,))["dimension"].to_list()
    if not dimensions:
        empty("Returns are not tracked, or nothing has shipped.")
        return
    default = "category" if "category" in dimensions else dimensions[0]
    by = address.segment("returns_by", "By", dimensions, default)
    table(
        version.rows(BY_DIMENSION, (KPI, by, period.first, period.last)),
        {"name": column(label(by)), **RATES},
        key="return_rates",
        nothing="Nothing that was placed in this period has shipped.",
        height="content",
    )


def by_sku(version: Version, period: Period) -> None:
    """List the SKUs with the most returned units."""
    listing(
        version,
        BY_SKU,
        (version.business_date, KPI, period.first, period.last),
        {"sku": column("SKU"), "product": column("Product"), "category": column("Category"), **RATES},
        key="return_rates_by_sku",
        noun="SKUs",
        unique="sku",
        sort="-returned",
        ties="rate desc nulls last",
        prefix="sku_",
        nothing="Nothing that was placed in this period has shipped, or returns are not tracked.",
    )
