"""Saved views of a page: its address with filters and sort, under a name.

A page whose filters are in its address offers them with one call:

    views.offer("exceptions", count=lambda query: matching(version, query))

`count` returns the number of rows of a view, and is asked only when the reader wants the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st
from orderhouse.access.roles import ALL
from orderhouse.errors import OrderhouseError
from orderhouse.operations.saved_views import SavedView, delete_view, save_view, views_of

from shared.access import Version
from shared.formats import count as written
from shared.formats import label
from shared.people import Person, signed_in

__all__ = ["COUNTS", "Count", "counted", "offer"]

Count = Callable[[Mapping[str, list[str]]], int]
# Number of rows of a view, by page. `app.py` fills it, as parts of one page know nothing of those of others.
COUNTS: dict[str, Callable[[Version, Mapping[str, list[str]]], int]] = {}
# Parts of an address that say which row or page of the list is shown, and not which rows are in it.
PASSING = ("page", "order", "exception")


def offer(page: str, *, count: Count | None = None) -> None:
    """Show the views of a page that the person sees, and the form that saves the present one."""
    person = signed_in()
    with st.popover("Views", icon=":material/bookmarks:", width="content"):
        try:
            views = views_of(person.settings, person=person.name, role=person.role, page=page)
        except OrderhouseError as error:
            st.error(error.message, icon=":material/error:")
            return
        is_counted = count is not None and bool(views) and st.toggle("Count the rows", key=f"count_views_{page}")
        numbers = counted(views, count) if is_counted and count else {}
        for view in views:
            _show(person, view, numbers.get(view.view_id))
        if not views:
            st.caption("No view is saved yet.")
        _ask(person, page)


def counted(views: list[SavedView], count: Count) -> dict[str, int]:
    """Return the number of rows of each view, by its id."""
    return {view.view_id: count(view.query) for view in views}


def _show(person: Person, view: SavedView, number: int | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        title = view.name if number is None else f"{view.name} ({written(number)})"
        shared = f"Shared with {view.shared_with} by {view.owner}" if view.shared_with else "Private"
        if st.button(title, key=f"view_{view.view_id}", help=shared, width="stretch"):
            st.switch_page(f"app_pages/{view.page}.py", query_params=view.query)
        if view.owner == person.name:
            st.button(
                "Delete",
                key=f"delete_{view.view_id}",
                icon=":material/delete:",
                type="tertiary",
                on_click=_delete,
                args=(person, view),
            )


def _delete(person: Person, view: SavedView) -> None:
    delete_view(person.settings, owner=person.name, view_id=view.view_id)


def _audience(role: str | None) -> str:
    if role is None:
        return "Nobody"
    return "Everybody" if role == ALL else f"Role {label(role)}"


def _ask(person: Person, page: str) -> None:
    """Ask for the name of a view, and with whom it is shared, and save the present address under it."""
    with st.form(f"save_view_{page}", border=False):
        name = st.text_input("Save the present filters as", key=f"view_name_{page}", max_chars=80)
        shared = st.selectbox(
            "Shared with",
            [None, person.role.name, ALL],
            format_func=_audience,
            key=f"view_role_{page}",
        )
        if not st.form_submit_button("Save", icon=":material/bookmark_add:"):
            return
    kept = {key: st.query_params.get_all(key) for key in st.query_params if key not in PASSING}
    try:
        view = save_view(person.settings, owner=person.name, page=page, name=name, query=kept, shared_with=shared)
        person.record("save_view", f"{page} {view.name}", shared_with=shared)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    st.rerun()
