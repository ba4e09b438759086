"""Commands of routing: proposals, solving anew, and the replay of past orders under policies."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from orderhouse.cli.access import AsRole, record_use
from orderhouse.cli.published import published
from orderhouse.cli.session import console, counted, grid, settings_of
from orderhouse.errors import OrderhouseError

__all__ = ["add_commands"]

routing_commands = typer.Typer(no_args_is_help=True, help="From which warehouses open orders are to leave.")

PROPOSALS = """
    select order_id, line_id, sku, warehouse_id, quantity, parcels_count, reason
    from marts.fct_routing_proposals where ? is null or order_id = ?
    order by placed_at, order_id, line_id, warehouse_id limit ?
"""
Limit = Annotated[int, typer.Option("--limit", min=1, help="Most rows.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(routing_commands, name="routing")


@routing_commands.command("list")
def routing_list(
    context: typer.Context,
    order: Annotated[str | None, typer.Argument(help="An order; by default all.", metavar="ORDER")] = None,
    limit: Limit = 50,
    as_role: AsRole = None,
) -> None:
    """List the published proposals, the oldest order first. Accept one with `orderhouse act route`."""
    settings = settings_of(context)
    record_use(settings, as_role, "routing", order or "all")
    with published(settings, as_role=as_role) as connection:
        rows = connection.execute(PROPOSALS, [order, order, limit]).fetchall()
    if not rows:
        console.print(
            f"There are no proposals for the order {order}."
            if order
            else "There are no proposals: no open line waits for a warehouse that has its stock.",
            markup=False,
        )
        return
    names = ("order", "line", "SKU", "warehouse", "units", "parcels", "why")
    console.print(grid("Proposals", names, rows, numbers=("units", "parcels")))


@routing_commands.command("solve")
def routing_solve(
    context: typer.Context,
    policy: Annotated[str | None, typer.Option(help="Policy, by name or aims such as date,cost.")] = None,
    limit: Limit = 50,
) -> None:
    """Solve the open lines of the last build, and show the result. Nothing is stored; each run stores its own."""
    from orderhouse.predict.routing.solved_now import solve_now
    from orderhouse.storage.warehouse import run_lock

    settings = settings_of(context)
    with run_lock(settings, "routing"):
        frame, seconds = solve_now(settings, policy or settings.routing_policy)
    columns = ("order_id", "line_id", "sku", "warehouse_id", "quantity", "parcels_count", "gap_rate", "reason")
    rows = frame.select(columns).head(limit).rows()
    names = ("order", "line", "SKU", "warehouse", "units", "parcels", "gap", "why")
    console.print(grid("Proposals", names, rows, numbers=("units", "parcels", "gap")))
    proposed = counted(frame.height, "proposal")
    gap = max(frame["gap_rate"].to_list(), default=0.0)
    said = "the plan is proved to be the best" if not gap else f"the first aim could be at most {gap:.1%} better"
    console.print(f"{proposed} in {seconds:.1f} processor seconds; {said}.")


@routing_commands.command("simulate")
def routing_simulate(
    context: typer.Context,
    first: Annotated[str, typer.Option("--from", help="First business day, such as 2026-03-01.")],
    last: Annotated[str, typer.Option("--to", help="Last business day.")],
    policy: Annotated[
        list[str] | None, typer.Option("--policy", help="A policy; give the option again for more.")
    ] = None,
    patience: Annotated[int, typer.Option(min=1, help="Days after which a line without stock is cancelled.")] = 14,
) -> None:
    """Replay past orders against the stock as it was, and print what each policy would have given."""
    from orderhouse.predict.routing.policy import DEFAULT_POLICY, NEAREST, parse_policy
    from orderhouse.predict.routing.simulating import simulate

    settings = settings_of(context)
    days = _day(first), _day(last)
    policies = [parse_policy(each) for each in policy or (DEFAULT_POLICY, NEAREST)]
    with published(settings) as connection, console.status("Replaying") as status:
        found = simulate(
            connection,
            *days,
            policies,
            patience,
            lambda name, share: status.update(f"Replaying under {name}: {share:.0%} done"),
        )
    rows = [
        (
            each.policy,
            f"{each.parcels:,}",
            "nothing promised" if each.on_time_rate is None else f"{each.on_time_rate:.1%}",
            f"{each.cost:,f} {found.currency}",
            f"{each.cancelled_units:,}",
            f"{each.waiting_units:,}",
            "nothing weighed" if each.worst_gap is None else f"{each.worst_gap:.1%}",
        )
        for each in found.rows
    ]
    console.print(
        grid(
            f"{counted(found.orders, 'order')} placed from {first} to {last}, {counted(found.units, 'unit')}",
            (
                "policy", "parcels", "on time", "cost", "units cancelled for want of stock", "units still waiting",
                "greatest gap of a day",
            ),
            rows,
            numbers=("parcels", "cost"),
        )
    )  # fmt: skip


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OrderhouseError(f"{text!r} is no day. Write one such as 2026-03-31.") from None
