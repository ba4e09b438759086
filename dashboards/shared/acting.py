"""Acting from the pages: the state that a person sees, what is offered on it, requests, and what came of them.

Judging and landing belong to `orderhouse.actions`. The buttons and forms belong to the pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st
from orderhouse.access.roles import OWNER, Role
from orderhouse.actions.acting import Answer, act, why_not_offered
from orderhouse.actions.pending import Pending, pending_actions
from orderhouse.actions.requests import FEW, LINE_KINDS, TELLING_KINDS, Request, Subject, new_request_id
from orderhouse.actions.rules import Query, Rules, load_rules
from orderhouse.actions.states import State, exceptions_now, orders_now, seen_version
from orderhouse.errors import OrderhouseError

from shared.access import Version, current_version
from shared.formats import count, counted, instant, label
from shared.people import signed_in

__all__ = [
    "Situation",
    "ask_to_tell",
    "closings",
    "is_undecided",
    "of_exceptions",
    "of_lines",
    "of_orders",
    "pending_line",
    "pending_on_lines",
    "rules_of",
    "send",
    "show_answers",
]

ANSWERS = "answers_to_actions"
SHOWN_REFUSALS = 50
EXCEPTIONS = "select exception_id, code, subject_id from ops.exceptions where list_contains(?, exception_id)"


@dataclass(frozen=True)
class Situation:
    """State of one order, line or exception as a person sees it, with the pending actions and the rules.

    Attributes:
        subject: The order, line or exception, with the version that is seen.
        state: Its state.
        rules: The published rules.
        business_date: Business day of the published version.
    """

    subject: Subject
    state: State
    rules: Rules
    business_date: date

    def why_not(self, kind: str, role: Role) -> str | None:
        """Return why a kind of action is not offered; None if it is."""
        return why_not_offered(self.rules, role, kind, self.subject, self.state, self.business_date)


def of_orders(version: Version, order_ids: Sequence[str]) -> dict[str, Situation]:
    """Return the situations of orders that the reader sees, by id."""
    query, rules, today = _published(version)
    pending = pending_actions(version.settings, query, order_ids=order_ids)
    states = orders_now(query, rules, order_ids, pending)
    return {
        name: Situation(Subject(order_id=name, seen=seen_version(state)), state, rules, today)
        for name, state in states.items()
    }


def of_lines(version: Version, line_keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Situation]:
    """Return the situations of order lines that the reader sees, by order id and line id."""
    orders = of_orders(version, list(dict.fromkeys(order_id for order_id, _ in line_keys)))
    return {
        (order_id, line_id): replace(found, subject=replace(found.subject, line_id=line_id))
        for order_id, line_id in line_keys
        if (found := orders.get(order_id)) is not None
    }


def of_exceptions(version: Version, exception_ids: Sequence[str]) -> dict[str, Situation]:
    """Return the situations of exceptions that the reader sees, by id."""
    query, rules, today = _published(version)
    pending = pending_actions(version.settings, query, exception_ids=exception_ids)
    states = exceptions_now(query, rules, exception_ids, pending)
    return {
        name: Situation(Subject(exception_id=name, seen=seen_version(state)), state, rules, today)
        for name, state in states.items()
    }


def closings(version: Version) -> list[Pending]:
    """Return the closings of months that the next run takes in."""
    query, _, _ = _published(version)
    return [each for each in pending_actions(version.settings, query) if each.kind == "close_month" and each.month]


def rules_of(version: Version) -> Rules:
    """Return the published rules."""
    return _published(version)[1]


def pending_on_lines(version: Version) -> list[Pending]:
    """Return the pending actions on order lines of all orders, in the order in which they were taken."""
    query, _, _ = _published(version)
    return [each for each in pending_actions(version.settings, query) if each.kind in LINE_KINDS]


def pending_line(version: Version, action: Pending) -> str:
    """Return one pending action as a sentence: what, about what, by whom and when."""
    told = [
        counted(action.quantity, "unit") if action.quantity else "",
        f"line {action.line_id}" if action.line_id else "",
        action.month or "",
    ]
    told += [f"to {action.warehouse_id or action.assignee}" if action.warehouse_id or action.assignee else ""]
    told += [f"until {action.snoozed_until}" if action.snoozed_until else ""]
    told += [f"to {action.promised_at}" if action.promised_at else ""]
    about = " ".join(part for part in told if part)
    when = instant(action.occurred_at, version.time_zone)
    return f"**{label(action.kind)}**{f' {about}' if about else ''} by {action.actor} ({action.role}), {when}"


def request_id(key: str) -> str:
    """Return the id of the request that a form makes, until it is sent: a second click is the same request."""
    ids: dict[str, str] = st.session_state.setdefault("request_ids", {})
    return ids.setdefault(key, new_request_id())


def ask_to_tell(kind: str, subjects: int) -> dict[str, bool | None]:
    """Ask if customers are told of what an action does, if anything is told. A person must choose for many of them."""
    if kind not in TELLING_KINDS:
        return {}
    said = st.radio(
        "Tell the customer" if subjects == 1 else "Tell the customers",
        ("Yes", "No"),
        index=0 if subjects <= FEW else None,
        horizontal=True,
        key=f"tell_{kind}",
        help="By the message that something is cancelled, if messages are on. With No, it is withheld for good.",
    )
    return {"tells_customer": None if said is None else said == "Yes"}


def is_undecided(kind: str, subjects: int, parameters: Mapping[str, Any]) -> bool:
    """Tell if a person has still to choose whether customers are told."""
    return kind in TELLING_KINDS and subjects > FEW and parameters.get("tells_customer") is None


def send(key: str, kind: str, subjects: Sequence[Subject], **parameters: Any) -> bool:
    """Send a request of the person at this page, and keep its answers for the next drawing of the page.

    Args:
        key: Name of the form.
        kind: Kind of action.
        subjects: The subjects.
        parameters: Parameters of the request.

    Returns:
        True if it was judged. Otherwise the reason stands on the page.
    """
    person = signed_in()
    request = Request(request_id(key), kind, tuple(subjects), **parameters)
    try:
        answers = act(person.settings, actor=person.name, role=person.role, request=request)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return False
    del st.session_state["request_ids"][key]
    st.session_state[ANSWERS] = (kind, answers)
    return True


def show_answers() -> None:
    """Show the answers to the last request once."""
    kind, answers = st.session_state.pop(ANSWERS, (None, []))
    landed = [each for each in answers if each.has_landed]
    refused = [each for each in answers if not each.has_landed]
    names = _names([*landed[:1], *refused[:SHOWN_REFUSALS]])
    if landed:
        what = names[landed[0].subject] if len(answers) == 1 else f"{count(len(landed))} of {count(len(answers))}"
        st.success(
            f"**{label(kind)}** has landed: {what}. It is pending until the next run.", icon=":material/schedule_send:"
        )
    if refused:
        _show_refused(kind, refused, names)


def _names(answers: Sequence[Answer]) -> dict[Subject, str]:
    """Return the subjects as the pages name them: an exception by its code and what it is about, not by its id."""
    ids = [each.subject.exception_id for each in answers if each.subject.exception_id is not None]
    version: Version = st.session_state["version"]
    found = version.rows(EXCEPTIONS, (ids,)).rows() if ids else []
    known = {name: f"{label(code)} of {subject}" for name, code, subject in found}
    return {each.subject: known.get(each.subject.exception_id or "", each.subject.name) for each in answers}


def _show_refused(kind: str, refused: Sequence[Answer], names: Mapping[Subject, str]) -> None:
    lines = [f"- {names[each.subject]}: {each.refusal}." for each in refused[:SHOWN_REFUSALS]]
    more = [f"- and {count(len(refused) - SHOWN_REFUSALS)} more"] if len(refused) > SHOWN_REFUSALS else []
    st.error(f"**{label(kind)}** was refused:\n\n" + "\n".join(lines + more), icon=":material/block:")


def _published(version: Version) -> tuple[Query, Rules, date]:
    """Return a reader of all rows of the current version, its rules and its business day.

    Rules and pending actions do not depend on the rows that a role sees. Rows of a subject are asked for only after
    the reader's own connection has found it.
    """
    whole = current_version(version.settings, OWNER)

    def _query(sql: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        return whole.rows(sql, parameters).rows()

    return _query, load_rules(_query), whole.business_date
