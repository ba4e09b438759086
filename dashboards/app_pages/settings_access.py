"""Roles with what they may see and do, and the people and groups that have them."""

from __future__ import annotations

import polars as pl
import streamlit as st
from orderhouse.access.access_file import Access, load_access
from orderhouse.actions.rules import Rules
from orderhouse.errors import OrderhouseError
from orderhouse.operations.giving_roles import give_role, may_give
from shared import acting
from shared.access import Version
from shared.people import signed_in
from shared.tables import column, table

__all__ = ["access"]

NO_ROLE = "No role"


def access(version: Version) -> None:
    """Show the mode, the roles and who has them."""
    found, rules = load_access(version.settings), acting.rules_of(version)
    if told := st.session_state.pop("gave_role", None):
        st.toast(told, icon=":material/badge:")
    if found.is_oidc:
        st.caption(f"People sign in, for {found.session_hours:g} hours. Declared in `{found.path}`.")
    else:
        st.caption(
            "Mode single-user: there is no sign-in, and everybody who reaches the pages of this machine sees all. "
            f"Roles are used by `--as-role` alone. `{found.path}` would declare another mode."
        )
    table(
        pl.DataFrame([_row(found, name, rules) for name in found.roles]),
        {
            "role": column("Role"),
            "people": column("People", "E-mail addresses and groups.", digits=0),
            "pages": column("Pages"),
            "actions": column("Actions", "Kinds by the table of rules, or by `actions` of the file, and other rights."),
            "tables": column("Tables", "Number of tables that the role reads."),
            "rows": column("Rows"),
            "hidden": column("Hidden columns"),
            "exports": column("Exports"),
            "reveals": column("Reveals", "May see personal data of single people, for a stated reason."),
        },
        key="roles",
        nothing="There is no role.",
        height="content",
    )
    who = [{"who": who, "kind": "Person", "role": role} for who, role in found.people.items()]
    who += [{"who": who, "kind": "Group", "role": role} for who, role in found.groups.items()]
    table(
        pl.DataFrame(who, schema=dict.fromkeys(("who", "kind", "role"), pl.String)),
        {"who": column("Who"), "kind": column("Kind"), "role": column("Role")},
        key="people",
        nothing="Nobody has a role by name: the file names no people and no groups.",
        height="content",
    )
    if found.is_oidc:
        _give(version, found)


def _give(version: Version, found: Access) -> None:
    """Let somebody who may do and see everything give a person a role, or take it away."""
    person = signed_in()
    if not may_give(person.role):
        st.caption("Roles are given by people whose role may do and see everything.")
        return
    with st.form("give_role", border=True):
        st.markdown("**Give a role.** It counts from the next look of the person at a page.")
        email = st.text_input("E-mail address", placeholder="As the sign-in states it").strip()
        named = st.selectbox("Role", [*found.roles, NO_ROLE], help="Groups keep the roles that the file gives them.")
        asked = st.form_submit_button("Give the role", icon=":material/badge:")
    if not asked:
        st.session_state["people_seen"] = dict(found.people)
        return
    role, seen = None if named == NO_ROLE else named, st.session_state.get("people_seen", found.people)
    try:
        give_role(version.settings, email, role, seen=seen.get(email.casefold()), actor=person.name, role=person.role)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    st.session_state["gave_role"] = f"{email} has {f'the role {role}' if role else 'no role by name any more'}."
    st.rerun()


def _row(found: Access, name: str, rules: Rules) -> dict[str, object]:
    role = found.roles[name]
    kinds = [kind for kind in rules.kinds if rules.refusal(kind, {}, role) is None]
    others = [action for action in role.actions if action not in rules.kinds]
    return {
        "role": name,
        "people": [*found.people.values(), *found.groups.values()].count(name),
        "pages": ", ".join(role.pages),
        "actions": ", ".join([*kinds, *others]),
        "tables": "all" if role.tables == ["all"] else str(len(role.tables)),
        "rows": "; ".join(f"{of}: {', '.join(values)}" for of, values in role.rows.items()) or "all",
        "hidden": ", ".join(role.hidden_columns),
        "exports": role.exports,
        "reveals": role.reveals,
    }
