"""Command by which operators act on orders, order lines and exceptions.

Judging and landing belong to `orderhouse.actions`; closing a month is the command `close`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from orderhouse.cli.access import role_given
from orderhouse.cli.session import console, counted, grid, settings_of
from orderhouse.errors import OrderhouseError

__all__ = ["add_commands"]

ON_EXCEPTIONS = ("assign", "snooze", "resolve")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(act)


def act(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="Kind of action, such as hold or cancel_line.", metavar="KIND")],
    subjects: Annotated[list[str], typer.Argument(help="Orders, or ids of exceptions.", metavar="ORDER…")],
    line: Annotated[str | None, typer.Option(help="The line, for cancel_line and route.")] = None,
    quantity: Annotated[int | None, typer.Option(help="Units of the line. Default: all that are left.")] = None,
    warehouse: Annotated[str | None, typer.Option(help="The warehouse of a route.")] = None,
    promise: Annotated[str | None, typer.Option(help="The new promise: a day, or an instant with offset.")] = None,
    assignee: Annotated[str | None, typer.Option(help="To whom assign gives the exception.")] = None,
    until: Annotated[str | None, typer.Option(help="The day on which a snooze ends, such as 2026-03-31.")] = None,
    reason: Annotated[str | None, typer.Option(help="Reason or note. The vault holds it after the next run.")] = None,
    tell: Annotated[
        bool | None,
        typer.Option("--tell/--no-tell", help="Tell the customer that something is cancelled. Default: yes."),
    ] = None,
    on_exceptions: Annotated[bool, typer.Option("--exception", help="The note is about exceptions.")] = False,
    as_role: Annotated[str | None, typer.Option("--as-role", metavar="ROLE", help="Act as this role.")] = None,
    request_id: Annotated[
        str | None, typer.Option("--request", help="Id of an earlier try, which is not taken a second time.")
    ] = None,
) -> int:
    """Act on orders, lines or exceptions. The next run folds it in; until then it is pending."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.actions.acting import act as act_on
    from orderhouse.actions.requests import Request, Subject, new_request_id

    settings = settings_of(context)
    if kind == "close_month":
        raise OrderhouseError("A month is closed with `orderhouse close MONTH`, which lands the action close_month.")
    is_exception = on_exceptions or kind in ON_EXCEPTIONS
    request = Request(
        request_id=request_id or new_request_id(),
        kind=kind,
        subjects=tuple(
            Subject(exception_id=each) if is_exception else Subject(order_id=each, line_id=line) for each in subjects
        ),
        quantity=quantity,
        warehouse_id=warehouse,
        promised_at=promise,
        assignee=assignee,
        snoozed_until=_day(until),
        tells_customer=tell,
        reason=reason,
    )
    answers = act_on(settings, actor=machine_user(), role=role_given(settings, as_role), request=request)
    refused = [each for each in answers if not each.has_landed]
    if refused:
        rows = [(each.subject.name, each.refusal) for each in refused]
        console.print(grid(f"{counted(len(refused), 'action')} refused", ("subject", "why"), rows))
    if len(refused) < len(answers):
        console.print(f"{counted(len(answers) - len(refused), 'action')} landed: {kind}. Request {request.request_id}.")
        console.print("Next: orderhouse run")
    return 2 if refused else 0


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise OrderhouseError(f"{text!r} is no day. Write one such as 2026-03-31.") from None
