"""Actions on many rows of a list: on the ticked ones, or on all that match the filters.

The rows are read again when the form opens, and judged one by one on the server when it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from orderhouse.actions.requests import MOST_SUBJECTS, Subject

from shared import acting
from shared.access import Version
from shared.acting import Situation
from shared.formats import count, counted
from shared.people import signed_in

__all__ = ["Kind", "offer", "offer_single"]

OPENED = "opened_form_of_rows"

# Fields of a form besides its text, and their values as parameters of a request.
Fields = Callable[[], dict[str, Any]]
Situations = Callable[[Version, Sequence[str]], Mapping[str, Situation]]


@dataclass(frozen=True)
class Kind:
    """How a kind of action is offered.

    Attributes:
        title: Text of the button.
        icon: Icon of the button.
        fields: Draws further fields.
        text: Heading of the text field.
        needs_text: True if the text must be written.
    """

    title: str
    icon: str
    fields: Fields = dict
    text: str = "Reason"
    needs_text: bool = False


@dataclass(frozen=True)
class _Form:
    """An open form, with the rows as they were seen when it was opened."""

    kind: str
    subjects: tuple[Subject, ...]
    about: str


def offer(
    version: Version,
    kinds: Mapping[str, Kind],
    *,
    ticked: Sequence[str],
    total: int,
    noun: str,
    subjects: tuple[str, Sequence[object]],
    situations: Situations,
) -> None:
    """Offer kinds of action on the ticked rows of a list, or on all of it.

    Args:
        version: The published version.
        kinds: The kinds.
        ticked: Ids of the subjects of the ticked rows. Several rows may have one subject.
        total: Number of rows that match.
        noun: Plural of the subjects.
        subjects: Query for the ids of the subjects of all rows that match, in its first column, with its values.
        situations: Returns the situations of subjects by their ids.
    """
    acting.show_answers()
    role, rules = signed_in().role, acting.rules_of(version)
    with st.container(horizontal=True, vertical_alignment="center"):
        is_all = st.checkbox(f"All {count(total)} that match", key="all_matching", disabled=total > MOST_SUBJECTS)
        chosen = total if is_all else len(set(ticked))
        st.markdown(f"**{count(chosen)}** chosen" if chosen else ":gray[Tick rows to act on them]", width="content")

        def form_of(kind: str) -> _Form:
            names = list(dict.fromkeys(version.rows(*subjects).to_series().to_list() if is_all else ticked))
            found = situations(version, names)
            chosen_ones = tuple(found[name].subject for name in names if name in found)
            return _Form(kind, chosen_ones, counted(len(chosen_ones), noun.removesuffix("s"), noun))

        why_not = {kind: rules.refusal(kind, {}, role) or (None if chosen else "no row is chosen") for kind in kinds}
        _buttons(kinds, why_not, form_of)
    _draw_form(kinds)


def offer_single(kinds: Mapping[str, Kind], situation: Situation, about: str) -> None:
    """Offer kinds of action on one row, which is shown on a page of its own."""
    why_not = {kind: situation.why_not(kind, signed_in().role) for kind in kinds}
    _buttons(kinds, why_not, lambda kind: _Form(kind, (situation.subject,), about))
    _draw_form(kinds)


def _buttons(kinds: Mapping[str, Kind], why_not: Mapping[str, str | None], form_of: Callable[[str], _Form]) -> None:
    def open_form(kind: str) -> None:
        st.session_state[OPENED] = form_of(kind)

    with st.container(horizontal=True):
        for kind, offered in kinds.items():
            st.button(
                offered.title,
                key=f"act_{kind}",
                icon=f":material/{offered.icon}:",
                disabled=why_not[kind] is not None,
                help=f"Not possible: {why_not[kind]}." if why_not[kind] else None,
                on_click=open_form,
                args=(kind,),
            )


def _close() -> None:
    st.session_state.pop(OPENED, None)


def _draw_form(kinds: Mapping[str, Kind]) -> None:
    form: _Form | None = st.session_state.get(OPENED)
    if form is not None and form.kind in kinds:
        st.dialog(f"{kinds[form.kind].title}: {form.about}", on_dismiss=_close)(_ask)(form, kinds[form.kind])


def _ask(form: _Form, offered: Kind) -> None:
    """Show the form of an action, and send it."""
    parameters = offered.fields() | acting.ask_to_tell(form.kind, len(form.subjects))
    text = st.text_area(
        offered.text,
        key=f"text_{form.kind}",
        max_chars=2_000,
        help="Personal data: the vault holds it after the next run.",
    ).strip()
    if not st.button(offered.title, key=f"send_{form.kind}", type="primary", icon=f":material/{offered.icon}:"):
        return
    if offered.needs_text and not text:
        st.error(f"Write the {offered.text.lower()} first.", icon=":material/error:")
    elif acting.is_undecided(form.kind, len(form.subjects), parameters):
        st.error("Choose if the customers are told.", icon=":material/error:")
    elif acting.send(f"{form.kind} {form.about}", form.kind, form.subjects, reason=text or None, **parameters):
        _close()
        st.rerun()
