"""Actions on one order: what is pending, the buttons with the reason where one is disabled, and their forms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import streamlit as st
from orderhouse.actions.requests import Subject
from shared import acting, warehouses
from shared.access import Row, Version
from shared.acting import Situation
from shared.layout import section
from shared.people import signed_in

__all__ = ["offer"]

OPENED = "opened_form"


@dataclass(frozen=True)
class Form:
    """Form of one kind of action.

    Attributes:
        title: Title and text of the button.
        icon: Icon of the button.
        about: Sentence about the effect.
        text: Heading of the text field.
        needs_text: True if the text must be written.
        fields: Further fields: line, quantity, warehouse, day.
    """

    title: str
    icon: str
    about: str
    text: str = "Reason"
    needs_text: bool = False
    fields: tuple[str, ...] = ()


FORMS = {
    "confirm": Form("Confirm", "task_alt", "The order counts as confirmed, whatever has been paid."),
    "hold": Form("Hold", "pause_circle", "Nothing of the order is to leave until it is released.", needs_text=True),
    "release": Form("Release", "play_circle", "The hold ends."),
    "cancel": Form("Cancel order", "cancel", "Every unit that has not been shipped is cancelled.", needs_text=True),
    "cancel_line": Form(
        "Cancel units", "remove_circle", "Units of one line are cancelled.", fields=("line", "quantity")
    ),
    "route": Form(
        "Route", "alt_route", "Units of one line ship from a warehouse.", fields=("line", "quantity", "warehouse")
    ),
    "change_promise": Form(
        "Change promise", "event", "The order is promised for another day. The first promise stays known.",
        fields=("day",),
    ),
    "approve_return": Form("Approve return", "assignment_return", "The returns that wait for a decision are approved."),
    "decline_return": Form(
        "Decline return", "assignment_late", "The returns that wait for a decision are declined.", needs_text=True
    ),
    "note": Form("Note", "edit_note", "The note stays with the order.", text="Note", needs_text=True),
}  # fmt: skip


def offer(version: Version, order: Row) -> None:
    """Show the pending actions of the order and the buttons."""
    acting.show_answers()
    with section("Actions", "An action is pending until the next run. What has become impossible then is rejected."):
        situation = acting.of_orders(version, [order["order_id"]]).get(order["order_id"])
        if situation is None:
            return
        if situation.state.pending:
            lines = "\n".join(f"- {acting.pending_line(version, each)}" for each in situation.state.pending)
            st.warning(f"Pending until the next run:\n\n{lines}", icon=":material/schedule:")
        with st.container(horizontal=True):
            for kind, form in FORMS.items():
                why_not = situation.why_not(kind, signed_in().role)
                st.button(
                    form.title,
                    key=f"act_{kind}",
                    icon=f":material/{form.icon}:",
                    disabled=why_not is not None,
                    help=f"Not possible: {why_not}." if why_not else form.about,
                    on_click=_open,
                    args=(kind, situation),
                )
    opened: tuple[str, Situation] | None = st.session_state.get(OPENED)
    if opened is not None and opened[1].subject.order_id == order["order_id"]:
        title = f"{FORMS[opened[0]].title}: order {order['order_id']}"
        st.dialog(title, on_dismiss=_close)(_ask)(version, opened[1], opened[0])


def _open(kind: str, situation: Situation) -> None:
    """Open a form on the order as it is shown now. It stays on that version, whatever happens meanwhile."""
    st.session_state[OPENED] = (kind, situation)


def _close() -> None:
    st.session_state.pop(OPENED, None)


def _ask(version: Version, situation: Situation, kind: str) -> None:
    """Show the form of an action, and send it."""
    form, order_id = FORMS[kind], situation.subject.order_id
    st.markdown(form.about)
    subject = situation.subject
    parameters: dict[str, Any] = {}
    if "line" in form.fields:
        subject, parameters = _ask_for_units(version, situation, kind)
    if "warehouse" in form.fields:
        parameters["warehouse_id"] = warehouses.ask(version)
    if "day" in form.fields:
        day = st.date_input("New promise", situation.business_date + timedelta(days=1), format="YYYY-MM-DD")
        parameters["promised_at"] = day.isoformat()
    parameters |= acting.ask_to_tell(kind, 1)
    text = st.text_area(
        form.text, key=f"text_{kind}", max_chars=2_000, help="Personal data: the vault holds it after the next run."
    ).strip()
    if not st.button(form.title, key=f"send_{kind}", type="primary", icon=f":material/{form.icon}:"):
        return
    if form.needs_text and not text:
        st.error(f"Write the {form.text.lower()} first.", icon=":material/error:")
    elif acting.send(f"{kind} {order_id}", kind, [subject], reason=text or None, **parameters):
        _close()
        st.rerun()


def _ask_for_units(version: Version, situation: Situation, kind: str) -> tuple[Subject, dict[str, Any]]:
    """Ask for a line with open units and the number of units."""
    lines = version.rows(
        "select line_id, sku from ops.order_lines where order_id = ? order by line_id", (situation.subject.order_id,)
    )
    skus = dict(lines.iter_rows())
    open_lines = [each for each, units in situation.state.units.items() if units > 0 and each in skus]
    line_id = st.selectbox(
        "Line",
        open_lines,
        format_func=lambda each: f"{each} · {skus[each]} · {situation.state.units[each]} open",
        key=f"line_{kind}",
    )
    most = situation.state.units.get(line_id, 1)
    quantity = st.number_input("Units", 1, max(most, 1), max(most, 1), key=f"units_{kind}_{line_id}")
    return replace(situation.subject, line_id=line_id), {"quantity": int(quantity)}
