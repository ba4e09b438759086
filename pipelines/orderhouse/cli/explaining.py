"""Command that explains a published number down to file and line.

The explanation belongs to `orderhouse.serve.explaining`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.access import AsRole, record_use, role_given
from orderhouse.cli.session import console, counted, error_console, grid, settings_of, shown
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.access.roles import Role
    from orderhouse.serve.explaining import Explanation

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(explain)


def explain(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="A KPI, or a table such as marts.fct_orders.")],
    rest: Annotated[
        list[str] | None,
        typer.Argument(help="For a table: the values of its key, then the column.", metavar="[KEY… COLUMN]"),
    ] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DAY", help="The business day of a KPI.")] = None,
    by: Annotated[str, typer.Option("--by", metavar="DIM=VALUE", help="A dimension of a KPI.")] = "all=all",
    effects: Annotated[
        bool, typer.Option(help="Derive the cell once more without each of its rows, to show what each row does.")
    ] = True,
    as_role: AsRole = None,
) -> None:
    """Explain one published number: the rows, files and lines behind it, derived again and compared."""
    from orderhouse.serve.explaining import explain_cell, explain_kpi
    from orderhouse.serve.worlds import open_world

    settings = settings_of(context)
    _check_role(role_given(settings, as_role))
    given = rest or []
    if on is None and len(given) < 2:
        raise OrderhouseError(
            "Name a KPI with `--on DAY`, or a table with its key and a column, such as: "
            "orderhouse explain marts.fct_orders ORDER_ID captured_amount"
        )
    if on is not None and given:
        raise OrderhouseError("`--on` is for KPIs, which take no key. For a table, leave it out.")
    dimension, mark, value = by.partition("=")
    if not mark:
        raise OrderhouseError(f"`--by` takes a dimension and its value, such as channel=web, not {by!r}.")
    record_use(settings, as_role, "explain", " ".join([what, *given]))
    with error_console.status("Preparing the models") as status, open_world(settings) as world:
        if on is not None:
            found = explain_kpi(world, what, on, dimension, value, progress=status.update)
        else:
            found = explain_cell(world, what, given[:-1], given[-1], effects=effects, progress=status.update)
    _print(found)


def _check_role(role: Role) -> None:
    """Refuse roles that may not see all rows of all feeds, which an explanation lists.

    Raises:
        OrderhouseError: The role may not explain.
    """
    if not (role.sees_everything and role.may("explain")):
        raise OrderhouseError(
            f"The role {role.name} may not explain: an explanation lists rows of all feeds. "
            "Only roles with the action `explain` that see all tables, columns and rows may."
        )


def _print(found: Explanation) -> None:
    from orderhouse.serve.explaining import EVERYTHING

    console.print(f"{found.cell}: {shown(found.value) or 'null'}", markup=False, soft_wrap=True)
    if found.is_equal:
        console.print(f"Derived again from {found.scope}: equal.", markup=False)
    else:
        console.print(f"Derived again from {found.scope}: NOT equal, {shown(found.derived)}.", style="red")
    if found.is_sum:
        _print_sum(found)
    elif not found.parts:
        console.print("It is no sum over orders, customers, SKUs or carts: all rows received decide it.")
    elif found.parts[0].row is None:
        console.print(f"All rows received decide it. Its subjects, by their parts of {found.figures[0]}:")
        _print_sum(found)
    else:
        if found.scope == EVERYTHING:
            console.print("All rows received decide it. The rows of its subject:")
        columns = ("feed", "row", "file:line", *(name for name in found.figures if found.parts[0].figures))
        rows = (
            (part.subject, part.row.key, f"{part.row.path}:{part.row.record}", *part.figures)
            for part in found.parts
            if part.row is not None
        )
        console.print(grid(counted(len(found.parts), "row"), columns, rows))


def _print_sum(found: Explanation) -> None:
    """Print each contribution with its rows; those of a sum add up to the published figures, which was checked."""
    rows: list[tuple[object, ...]] = []
    for part in found.parts:
        rows.append((part.subject, "", *part.figures))
        rows += [
            (f"  {row.feed} {row.key}", f"{row.path}:{row.record}", *("" for _ in found.figures)) for row in part.rows
        ]
    if found.is_sum:
        rows.append(("sum, as published", "", *found.totals))
    columns = ("contribution", "file:line", *found.figures)
    console.print(grid(counted(len(found.parts), "contribution"), columns, rows, numbers=found.figures))
