"""Exceptions page: filters, totals, and the worklist with the advice for each exception."""

from __future__ import annotations

import polars as pl
import streamlit as st
from shared import charts
from shared.access import Row, Version
from shared.colours import SEVERITY_COLOURS
from shared.formats import compact, label
from shared.layout import Figure, empty, figures, section, start
from shared.tables import column, table, word

LIMIT = 500
REPORTING = "In reporting currency"
REPORTING_HELP = "At the rate of the day on which the exception began. Empty if the rate is missing."
FILTERS = (("code", "Exception"), ("severity", "Severity"), ("owner", "Owner"))
BY_CODE = """
    select code, severity, count(*) as open_count from ops.exceptions
    group by code, severity order by open_count desc, code
"""
# Every filter is always in the condition. A filter that is not set holds for every row.
CHOSEN = "(? is null or code = ?) and (? is null or severity = ?) and (? is null or owner = ?)"
TOTALS = f"""
    select count(*) as open, count(distinct order_id) as orders, max(age_hours) / 24 as oldest,
        count(*) filter (severity in ('critical', 'high')) as urgent
    from ops.exceptions where {CHOSEN}
"""  # noqa: S608 - a fixed condition
STAKES = f"""
    select code, currency, sum(amount_at_stake) as amount, sum(amount_at_stake_reporting) as amount_reporting,
        count(*) as open
    from ops.exceptions where {CHOSEN} and amount_at_stake is not null
    group by code, currency order by amount_reporting desc nulls last, amount desc, code, currency
"""  # noqa: S608 - a fixed condition
WORKLIST = f"""
    select severity, code, subject_id, order_id, sku, opened_at, age_hours / 24 as age_days, amount_at_stake,
        currency, amount_at_stake_reporting, detail, what_to_do, owner, source
    from ops.exceptions where {CHOSEN}
    order by case severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end,
        amount_at_stake_reporting desc nulls last, opened_at, exception_id
    limit ?
"""  # noqa: S608 - a fixed condition


def ask(version: Version) -> list[str | None]:
    """Show the filters, and return each choice twice, as `CHOSEN` takes them."""
    choices: list[str | None] = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, heading in FILTERS:
            words = version.rows(f"select distinct {name} as word from ops.exceptions order by word")["word"]  # noqa: S608 - ours
            picked = st.selectbox(
                heading,
                words.drop_nulls().to_list(),
                index=None,
                format_func=label,
                key=name,
                bind="query-params",
                placeholder="All",
                width=240,
            )
            choices += [picked, picked]
    return choices


def headline(version: Version, choices: list[str | None]) -> int:
    """Show the totals of the matching exceptions, and return their number."""
    totals = version.row(TOTALS, choices)
    figures(
        [
            Figure("Open", compact(totals["open"]), "Open exceptions that match the filters."),
            Figure(
                "Orders touched",
                compact(totals["orders"]),
                "Orders with a matching exception, orders of orphans included.",
            ),
            Figure("Critical or high", compact(totals["urgent"]), "Exceptions of the two highest severities."),
            Figure("Oldest", f"{totals['oldest'] or 0:,.1f} days", "Age of the exception that has been open longest."),
        ]
    )
    return int(totals["open"])


def overview(version: Version, by_code: pl.DataFrame, choices: list[str | None]) -> None:
    """Draw the open exceptions by code, beside the amounts at stake."""
    left, right = st.columns([2, 3])
    colours = SEVERITY_COLOURS
    with left, section("By code", "All open exceptions, without the filters."):
        st.altair_chart(
            charts.ranked(by_code, "code", "open_count", "Open exceptions", colour="severity", colours=colours)
        )
    with (
        right,
        section("At stake", "Amounts of the matching exceptions per currency. An order can have several exceptions."),
    ):
        table(
            version.rows(STAKES, choices),
            {
                "code": column("Exception"),
                "amount": column("At stake", digits=2),
                "currency": column("Currency"),
                "amount_reporting": column(REPORTING, REPORTING_HELP, digits=2),
                "open": column("Open", digits=0),
            },
            key="at_stake",
            nothing="No amount is at stake.",
        )


def worklist(version: Version, choices: list[str | None], of: int) -> Row | None:
    """List the exceptions, highest severity first, then by amount at stake, and return the picked one."""
    return table(
        version.rows(WORKLIST, [*choices, LIMIT]),
        {
            "severity": word("Severity"),
            "code": column("Exception"),
            "subject_id": column("Order or SKU"),
            "opened_at": column("Since"),
            "age_days": column("Age", unit="days", digits=1),
            "amount_at_stake": column("At stake", digits=2),
            "currency": column("Currency"),
            "amount_at_stake_reporting": column(REPORTING, REPORTING_HELP, digits=2),
            "detail": column("Detail"),
            "what_to_do": column("What to do"),
            "owner": column("Owner"),
            "source": column("Source"),
        },
        key="worklist",
        nothing="No exception matches the filters.",
        of=of,
        select="Pick a row to open its order or SKU.",
        height=520,
    )


version = start(
    "Exceptions", "Open problems of orders and SKUs, with their age, the amount at stake and the next step."
)
by_code = version.rows(BY_CODE)
if by_code.is_empty():
    empty("No exceptions are open.")
    st.stop()
choices = ask(version)
open_count = headline(version, choices)
overview(version, by_code, choices)
picked = None
with section("Worklist", "Highest severity first, then oldest."):
    picked = worklist(version, choices, open_count)
if picked and picked["order_id"]:
    st.switch_page("app_pages/orders.py", query_params={"order": picked["order_id"]})
if picked and picked["sku"]:
    st.switch_page("app_pages/inventory.py", query_params={"sku": picked["sku"]})
