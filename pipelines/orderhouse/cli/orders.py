"""Commands that show one order: by its id, or by the tracking id of its customer.

Instants are shown in the business time zone, and in UTC in JSON. The queries belong to `orderhouse.serve.queries`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from orderhouse.cli.access import AsRole, record_use
from orderhouse.cli.known import ClockThen, KnownAt, known_file
from orderhouse.cli.published import Version, published
from orderhouse.cli.session import console, grid, settings_of
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.serve.queries import OrderView
    from orderhouse.settings import Settings

__all__ = ["add_commands"]

ORDER_FACTS = (
    "order_id", "tracking_id", "stage", "order_status", "payment_status", "fulfilment_status", "delivery_status",
    "return_status", "source", "channel", "customer_id", "currency", "due_amount", "captured_amount", "refunded_amount",
    "owed_to_us_amount", "owed_back_amount", "ordered_quantity", "shipped_quantity", "delivered_quantity",
    "returned_quantity", "placed_at", "first_shipped_at", "delivered_at", "current_promised_at", "is_late",
)  # fmt: skip
PART_COLUMNS = {
    "lines": ("line_id", "sku", "ordered_quantity", "shipped_quantity", "delivered_quantity", "returned_quantity",
              "cancelled_quantity", "backordered_quantity", "net_amount", "tax_amount"),
    "timeline": ("occurred_at", "event", "axis", "from_status", "to_status", "quantity", "amount", "detail", "source"),
    "payments": ("occurred_at", "payment_id", "kind", "method", "amount", "currency", "provider"),
    "shipments": ("shipped_at", "shipment_id", "carrier", "tracking_number", "furthest_status", "delivered_at"),
    "returns": ("return_id", "line_id", "sku", "latest_status", "received_quantity", "restocked_quantity"),
    "exceptions": ("code", "severity", "opened_at", "amount_at_stake", "currency", "detail", "what_to_do"),
}  # fmt: skip

Format = Annotated[str, typer.Option("--format", "-f", help="table or json.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (order, track):
        app.command()(command)


def order(
    context: typer.Context,
    order_id: Annotated[str, typer.Argument(help="The order's id.", metavar="ID")],
    version: Version = None,
    known_at: KnownAt = None,
    as_of: ClockThen = None,
    as_role: AsRole = None,
    format: Format = "table",
) -> None:
    """Show one order: its status on every axis, its lines, money, parcels and timeline."""
    from orderhouse.serve.queries import find_order

    _refuse_format(format)
    settings = settings_of(context)
    record_use(settings, as_role, "order", order_id)
    file = known_file(settings, known_at, as_of, version)
    with published(settings, version, file, as_role) as connection, _hidden_said(as_role):
        _print_order(find_order(connection, order_id), format, _zone_of(settings, version))


def track(
    context: typer.Context,
    tracking_id: Annotated[str, typer.Argument(help="The customer's tracking id, of 12 characters.")],
    version: Version = None,
    as_role: AsRole = None,
    format: Format = "table",
) -> None:
    """Show one order by the tracking id that its customer was given."""
    from orderhouse.serve.queries import find_order_by_tracking_id

    _refuse_format(format)
    settings = settings_of(context)
    record_use(settings, as_role, "order", tracking_id)
    with published(settings, version, as_role=as_role) as connection, _hidden_said(as_role):
        _print_order(find_order_by_tracking_id(connection, tracking_id), format, _zone_of(settings, version))


@contextlib.contextmanager
def _hidden_said(role: str | None) -> Iterator[None]:
    """Say that a role does not see the table or column by which an order is found."""
    import duckdb

    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException):
        if role is None:
            raise
        raise OrderhouseError(
            f"The role {role} does not see what an order is found by: a table or column of it is hidden. "
            "`orderhouse access check` lists what each role sees."
        ) from None


def _refuse_format(format: str) -> None:
    if format not in ("table", "json"):
        raise OrderhouseError(f"{format!r} is not an output format. Choose one of table, json.")


def _zone_of(settings: Settings, version: int | None) -> str:
    """Return the business time zone of the version that is read."""
    from orderhouse.serve.publishing import current_version, find_version

    found = current_version(settings) if version is None else find_version(settings, version)
    return found.business_time_zone if found else "UTC"


def _print_order(view: OrderView, format: str, zone: str) -> None:
    if format == "json":
        from orderhouse.serve.querying import json_text

        print(json_text({**view.order, **view.parts}))
        return
    console.print(grid(f"Order {view.order['order_id']}", ("", ""), _facts(view, zone)))
    for name, rows in view.parts.items():
        if rows:
            columns = [column for column in PART_COLUMNS[name] if column in rows[0]]
            values = ([_local(row[column], zone) for column in columns] for row in rows)
            console.print()
            console.print(grid(name.capitalize(), columns, values))
    console.print(f"Times in {zone}.", style="dim")


def _facts(view: OrderView, zone: str) -> list[tuple[str, Any]]:
    is_day = {"current_promised_at": bool(view.order.get("promise_is_date_only"))}
    return [
        (name, _local(view.order[name], zone, is_day=is_day.get(name, False)))
        for name in ORDER_FACTS
        if view.order.get(name) is not None
    ]


def _local(value: Any, zone: str, *, is_day: bool = False) -> Any:
    """Return an instant, which is stored in UTC without zone, by the clocks of a zone. Leave other values alone.

    A promise of a day is that day, and so is the last instant of a day, at which such a promise ends.
    """
    if not isinstance(value, datetime):
        return value
    local = value.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return local.date() if is_day or local.time() == time.max else local
