"""Commands that close a month and list what has changed in closed months since.

Closing belongs to `orderhouse.serve.closing`; what has changed is the table `marts.fct_restatements`.
"""

from __future__ import annotations

import functools
import getpass
from typing import Annotated

import typer

from orderhouse.cli.access import AsRole, record_use, role_given
from orderhouse.cli.session import console, counted, grid, settings_of

__all__ = ["add_commands"]

Month = Annotated[str, typer.Argument(help="A month, such as 2026-05.", metavar="MONTH")]
MOST_CAUSES = 5
RESTATED = ("marts.fct_closed_months", "marts.fct_restatements", "marts.fct_restatement_causes")
# A row of a figure is the sum of its orders, returns, payouts and SKUs. Their records are its causes.
RESTATEMENTS = """
with rows as (
    select
        business_date, figure, coalesce(recognition_clock, account, '') as part,
        concat_ws(' ', channel, country, category, currency) as row, measure,
        sum(closed_amount) as closed, sum(current_amount) as current, sum(difference_amount) as difference,
        sum(difference_amount_reporting) as difference_reporting,
        list(distinct subject_kind || ' ' || subject_id) as subjects
    from marts.fct_restatements
    where month = $month and ($figure = 'all' or figure = $figure)
    group by all
),

causes as (
    select
        subject_kind || ' ' || subject_id as subject,
        case when feed = 'definitions' then feed
            else feed || ' ' || coalesce(path, _file_id) || ':' || _record end as cause
    from marts.fct_restatement_causes
    where month = $month
)

select
    business_date, concat_ws(' ', figure, part), row, measure, closed, current, difference, difference_reporting,
    (select list(distinct cause order by cause) from causes where list_contains(rows.subjects, causes.subject))
from rows
order by all
"""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (close, restatements):
        app.command()(command)


def close(
    context: typer.Context,
    month: Month,
    who: Annotated[str | None, typer.Option(help="Who closes it. Default: the user of this machine.")] = None,
    role: Annotated[str, typer.Option(help="The role of who closes it.")] = "finance",
) -> None:
    """Close a month: its figures are those known now. Later changes are listed as restatements."""
    from orderhouse.access.access_file import load_access
    from orderhouse.errors import OrderhouseError
    from orderhouse.serve.closing import close_month
    from orderhouse.storage.warehouse import run_lock

    settings = settings_of(context)
    known = load_access(settings).role_named(role)
    tell = functools.partial(record_use, settings, role)
    if not known.may("close_month"):
        refusal = f"The role {role} may not close months."
        tell("close_month_refused", month, why=refusal)
        raise OrderhouseError(refusal)
    with run_lock(settings, "close"):
        action = close_month(settings, month, who or getpass.getuser(), known.recorded_name, record=tell)
    console.print(
        f"Closed {action.month} at {action.closed_at:%Y-%m-%d %H:%M:%S} UTC. The next run takes the action in."
    )
    console.print("Next: orderhouse run")


def restatements(
    context: typer.Context,
    month: Month,
    figure: Annotated[str, typer.Option(help="revenue, journal, orders or all.")] = "revenue",
    as_role: AsRole = None,
) -> None:
    """List the figures of a closed month that have changed since, with the records that caused it."""
    import contextlib

    from orderhouse.errors import OrderhouseError
    from orderhouse.serve.closing import days_of_month
    from orderhouse.serve.reading import open_reader

    settings = settings_of(context)
    days_of_month(month)
    role = role_given(settings, as_role)
    hidden = [table for table in RESTATED if not role.reads(table)]
    if hidden or role.rows or role.columns or role.hidden_columns:
        raise OrderhouseError(
            f"The role {role.name} may not see restatements, which are sums over all orders. "
            f"Only roles that read {' and '.join(RESTATED)} with all rows and columns may."
        )
    record_use(settings, as_role, "restatements", month)
    with contextlib.closing(open_reader(settings, role=role)) as published:
        closed = published.execute("select 1 from marts.fct_closed_months where month = ?", [month]).fetchall()
        if not closed:
            raise OrderhouseError(
                f"{month} is not closed in the published version. "
                f"Run `orderhouse close {month}` and `orderhouse run` first."
            )
        found = published.execute(RESTATEMENTS, {"month": month, "figure": figure}).fetchall()
    if not found:
        console.print(f"Nothing in {month} has changed since it was closed.")
        return
    columns = (
        "day",
        "figure",
        "row",
        "measure",
        "closed",
        "current",
        "difference",
        "in reporting currency",
        "caused by",
    )
    numbers = ("closed", "current", "difference", "in reporting currency")
    rows = ((*row[:-1], _shown(row[-1] or [])) for row in found)
    console.print(grid(counted(len(found), "restatement"), columns, rows, numbers=numbers))


def _shown(causes: list[str]) -> str:
    more = [f"and {len(causes) - MOST_CAUSES} more"] if len(causes) > MOST_CAUSES else []
    return "\n".join([*causes[:MOST_CAUSES], *more])
