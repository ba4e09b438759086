"""The one way to act: a request of a person is judged on the server, recorded in the audit log, and landed.

Pages and commands only pass on what was asked. Actor and role come from the session, the state from the published
version and the landed files, the decision from the published rules.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from orderhouse.access.roles import Role
from orderhouse.actions.landing import land, landed_file, landing_lock, next_instant
from orderhouse.actions.pending import pending_actions
from orderhouse.actions.proposals import Proposals, load_proposals
from orderhouse.actions.requests import LINE_KINDS, Request, Subject, new_request_id
from orderhouse.actions.rules import Query, Rules, load_rules
from orderhouse.actions.states import State, changes, exceptions_now, orders_now
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import record
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.wording import counted

__all__ = ["Answer", "act", "refusal_of", "why_not_offered"]

# Subjects named in one row of the audit log.
NAMED_SUBJECTS = 500


@dataclass(frozen=True)
class Answer:
    """Answer to a request about one subject.

    Attributes:
        subject: The subject.
        action_id: Id of the action.
        refusal: Reason why it was not taken; None if it has landed.
    """

    subject: Subject
    action_id: str
    refusal: str | None

    @property
    def has_landed(self) -> bool:
        """Return True if the action is durably landed."""
        return self.refusal is None


def act(settings: Settings, *, actor: str, role: Role, request: Request) -> list[Answer]:
    """Judge a request and land what is possible. A repeated request lands nothing again.

    Args:
        settings: Settings of the home.
        actor: Name of the person, from the session.
        role: The role of the person, from the session.
        request: The request.

    Returns:
        One answer for each subject, in order.

    Raises:
        OrderhouseError: The request has no meaning, nothing is published, or the action could not be written. Nothing
            has landed then.
    """
    request.check(datetime.now(UTC))
    with landing_lock(settings):
        before = landed_file(settings, request.request_id)
        if before is not None:
            return _answers_of(before.read_text(encoding="utf-8"), request)
        with _readers(settings, role) as (published, of_role):
            refusals = _refusals(settings, published, of_role, role, request)
        answers = [Answer(each, request.action_id(each), refusals.get(each)) for each in request.subjects]
        _record(settings, actor, role, request, answers)
        now = next_instant(settings)
        taken = [request.record(each.subject, actor, role.recorded_name, now) for each in answers if each.has_landed]
        if taken:
            try:
                land(settings, request.request_id, taken, now)
            except OrderhouseError as failed:
                # The log is written first, so that nothing lands unrecorded. It must not tell of what never landed.
                _record_failure(settings, actor, role, request, failed)
                raise
    return answers


def refusal_of(
    rules: Rules,
    role: Role,
    request: Request,
    subject: Subject,
    state: State | None,
    business_date: date,
    *,
    knows_warehouse: bool = True,
) -> str | None:
    """Return why an action on a subject would be refused now; None if it would be taken.

    Args:
        rules: The published rules.
        role: The role of who acts.
        request: The request.
        subject: The subject.
        state: State of the subject; None if it is not known.
        business_date: Business day of the published version.
        knows_warehouse: False if the request names a warehouse that no feed names.
    """
    is_exception = subject.exception_id is not None
    if state is None and is_exception:
        return "the exception is not open, or your role does not see it"
    axes = state.axes_of(subject.line_id) if state else {"subject": "order", "order": "unknown"}
    named = {
        "warehouse": request.warehouse_of(subject), "promise": request.promised_at, "assignee": request.assignee,
        "day": request.snoozed_until,
    }  # fmt: skip
    axes |= {axis: "unnamed" if value is None else "named" for axis, value in named.items()}
    if not knows_warehouse:
        axes["warehouse"] = "unknown"
    refused = rules.refusal(request.kind, axes, role)
    if refused is not None or state is None:
        return refused
    if subject.seen is not None and (moved := changes(subject.seen, state)):
        return "it has changed since you saw it: " + "; ".join(moved)
    return _without_effect(rules, request, subject, state, axes, business_date)


def why_not_offered(
    rules: Rules, role: Role, kind: str, subject: Subject, state: State, business_date: date
) -> str | None:
    """Return why a page does not offer a kind of action on a subject now; None if it offers it.

    It is the refusal of a request that names all that can be named, on the line that has most open units.
    """
    line_id = max(state.units, key=lambda each: (state.units[each], each), default=None)
    chosen = replace(subject, line_id=line_id if kind in LINE_KINDS else None, seen=None)
    named = Request(
        new_request_id(), kind, (chosen,), warehouse_id="-", promised_at="-", assignee="-", snoozed_until=date.max
    )
    return refusal_of(rules, role, named, chosen, state, business_date)


def _visible(of_role: Query, subjects: Sequence[Subject]) -> set[Subject]:
    """Return the subjects that a role sees."""
    orders = {each.order_id for each in subjects if each.order_id is not None}
    exceptions = {each.exception_id for each in subjects if each.exception_id is not None}
    seen = _ids(of_role, "ops.orders", "order_id", orders) | _ids(of_role, "ops.exceptions", "exception_id", exceptions)
    return {each for each in subjects if (each.exception_id or each.order_id) in seen}


def _without_effect(
    rules: Rules, request: Request, subject: Subject, state: State, axes: Mapping[str, str], business_date: date
) -> str | None:
    """Return why an accepted action would be a mistake: it would change nothing, or more than there is."""
    after = rules.after(request.kind, axes)
    moves = [axis for axis, value in after.items() if value != axes.get(axis)]
    if request.kind in ("hold", "cancel") and not moves:
        return "it would change nothing: the order is already so, or will be after the next run"
    if request.kind in LINE_KINDS:
        units, asked = state.units.get(subject.line_id or "", 0), request.quantity_of(subject)
        if not units:
            return "the line has no open units"
        if asked is not None and asked > units:
            return f"the line has {counted(units, 'open unit')}, and {asked:,} are asked for"
    if request.snoozed_until is not None and request.snoozed_until <= business_date:
        return f"{request.snoozed_until} is not after the business day {business_date}"
    return None


def _refusals(settings: Settings, published: Query, of_role: Query, role: Role, request: Request) -> dict[Subject, str]:
    rules = load_rules(published)
    seen = _visible(of_role, request.subjects)
    orders = [each.order_id for each in seen if each.order_id is not None]
    exceptions = [each.exception_id for each in seen if each.exception_id is not None]
    pending = pending_actions(settings, published, order_ids=orders, exception_ids=exceptions)
    states: dict[str, State] = {
        **orders_now(published, rules, sorted(set(orders)), pending),
        **exceptions_now(published, rules, sorted(set(exceptions)), pending),
    }
    ((business_date,),) = published("select business_date from marts.as_of", ())
    unknown = _unknown_warehouses(published, request)
    proposals = _proposals(settings, published, request)
    found = {}
    for each in request.subjects:
        state = states.get(each.exception_id or each.order_id or "")
        knows = request.warehouse_of(each) not in unknown
        refused = refusal_of(rules, role, request, each, state, business_date, knows_warehouse=knows)
        if refused is None and proposals is not None and state is not None:
            refused = proposals.refusal(each, state)
        if refused is not None:
            found[each] = refused
        elif state is not None and each.line_id is not None and request.kind in LINE_KINDS:
            # The next subject of the same line has what this one leaves.
            units = state.units[each.line_id]
            state.units[each.line_id] = units - (request.quantity_of(each) or units)
    return found


def _unknown_warehouses(published: Query, request: Request) -> set[str]:
    """Return the warehouses of a request that no feed names."""
    named = {name for each in request.subjects if (name := request.warehouse_of(each)) is not None}
    if not named:
        return set()
    return named - {name for (name,) in published("select warehouse_id from ops.warehouses", ())}


def _proposals(settings: Settings, published: Query, request: Request) -> Proposals | None:
    """Return what is proposed for the subjects of a request that accepts proposals."""
    if not request.accepts_proposals:
        return None
    orders = [each.order_id for each in request.subjects if each.order_id is not None]
    return load_proposals(published, orders, pending_actions(settings, published))


def _answers_of(landed: str, request: Request) -> list[Answer]:
    """Return the answers to a request whose file has landed."""
    return [
        Answer(each, action_id, None if action_id in landed else "it was refused when it was first asked for")
        for each in request.subjects
        for action_id in (request.action_id(each),)
    ]


def _record(settings: Settings, actor: str, role: Role, request: Request, answers: Sequence[Answer]) -> None:
    """Append the request to the audit log, the refused part too. Reasons and notes are personal and stay out."""
    for action, chosen in (
        ("act", [each for each in answers if each.has_landed]),
        ("act_refused", [each for each in answers if not each.has_landed]),
    ):
        for first in range(0, len(chosen), NAMED_SUBJECTS):
            part = chosen[first : first + NAMED_SUBJECTS]
            named = [each.subject.exception_id or each.subject.order_id for each in part]
            why = sorted({each.refusal for each in part if each.refusal})
            detail: dict[str, Any] = {"request": request.request_id, "subjects": named}
            record(
                settings,
                actor=actor,
                role=role.name,
                action=action,
                subject=f"{request.kind} {named[0] if len(named) == 1 else f'{len(named)} subjects'}",
                detail=detail | ({"why": why[:5]} if why else {}),
            )


def _record_failure(settings: Settings, actor: str, role: Role, request: Request, failed: OrderhouseError) -> None:
    """Append that nothing of a request has landed, if the disk takes that."""
    with contextlib.suppress(OrderhouseError):
        record(
            settings,
            actor=actor,
            role=role.name,
            action="act_failed",
            subject=request.kind,
            detail={"request": request.request_id, "why": failed.message},
        )


@contextlib.contextmanager
def _readers(settings: Settings, role: Role) -> Iterator[tuple[Query, Query]]:
    """Open the published version, with all rows and with those of a role."""
    with (
        contextlib.closing(open_reader(settings)) as published,
        contextlib.closing(open_reader(settings, role=role)) as of_role,
    ):
        yield _query(published), _query(of_role)


def _query(connection: duckdb.DuckDBPyConnection) -> Query:
    def _run(sql: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            return connection.execute(sql, list(parameters)).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException):
            raise OrderhouseError(
                "The published version was built by another release and knows no rules of actions. "
                "Build and publish a new version: `orderhouse run`."
            ) from None

    return _run


def _ids(of_role: Query, table: str, key: str, ids: set[str]) -> set[str]:
    if not ids:
        return set()
    marks = ", ".join("?" * len(ids))
    try:
        return {found for (found,) in of_role(f"select {key} from {table} where {key} in ({marks})", sorted(ids))}  # noqa: S608 - our names
    except OrderhouseError:  # a role without the table
        return set()
