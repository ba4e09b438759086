"""The person at the pages: sign-in, role, and the record of what they did.

Roles belong to `orderhouse.access`, the audit log to `orderhouse.operations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from orderhouse.access.access_file import Access, load_access
from orderhouse.access.roles import Role
from orderhouse.access.visitors import Visitor, visitor_of
from orderhouse.operations import audit_log
from orderhouse.settings import Settings

__all__ = ["Person", "open_page", "person_of", "record_arrival", "signed_in", "visitor"]


@dataclass(frozen=True)
class Person:
    """Who reads the pages: a name and a role; `signs_in` is False in mode single-user."""

    settings: Settings
    name: str
    role: Role
    signs_in: bool

    def record(self, action: str, subject: str = "", **detail: object) -> None:
        """Append what the person did to the audit log.

        Raises:
            OrderhouseError: The log cannot be written. What it should record must not happen then.
        """
        audit_log.record(
            self.settings, actor=self.name, role=self.role.name, action=action, subject=subject, detail=detail
        )

    def record_page(self, page: str) -> None:
        """Append that the person looks at a page, once per visit. Without a sign-in nobody is told apart."""
        if self.signs_in and st.session_state.get("recorded_page") != page:
            self.record("page", page)
            st.session_state["recorded_page"] = page


def claims() -> Mapping[str, Any]:
    """Return the claims of the sign-in of this browser."""
    return st.user.to_dict()


def visitor(settings: Settings) -> tuple[Access, Visitor]:
    """Return the access in force and the visitor of this browser. The access file is read again at every look."""
    access = load_access(settings)
    return access, visitor_of(access, claims() if access.is_oidc else None)


def person_of(settings: Settings, access: Access, found: Visitor, role: Role) -> Person:
    """Return the person for a known visitor."""
    return Person(settings, found.name, role, access.is_oidc)


def record_arrival(settings: Settings, found: Visitor) -> None:
    """Append that a person came with a sign-in, or was refused, once per session of the browser."""
    if st.session_state.get("recorded_arrival") == (found.name, found.state):
        return
    action = "sign_in" if found.state == "known" else "refused"
    role = found.role.name if found.role else ""
    audit_log.record(settings, actor=found.name, role=role, action=action)
    st.session_state["recorded_arrival"] = (found.name, found.state)


def signed_in() -> Person:
    """Return the person at this page, as `app.py` found it."""
    person: Person = st.session_state["person"]
    return person


def open_page(page: str, query: Mapping[str, str]) -> None:
    """Open another page, if the role has it; else tell so."""
    if signed_in().role.opens(page):
        st.switch_page(f"app_pages/{page}.py", query_params=dict(query))
    else:
        st.toast(f"Your role does not have the page {page.replace('_', ' ')}.", icon=":material/lock:")
