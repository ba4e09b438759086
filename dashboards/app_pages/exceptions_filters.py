"""Filters of the exceptions page: what the address asks for, as a condition of fixed SQL with parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
from shared import address
from shared.access import Version
from shared.people import signed_in

__all__ = ["Matching", "ask", "count", "from_address"]

COLUMNS = {"code": "Exception", "severity": "Severity", "owner": "Owner"}
STATES = {
    "worklist": "is_in_worklist",
    "snoozed": "is_snoozed",
    "resolved": "resolved_at is not null",
    "all": "true",
}
SHOWN = {"worklist": "In the worklist", "snoozed": "Snoozed", "resolved": "Resolved", "all": "All open"}
ASSIGNEES = {"me": "Mine", "nobody": "Nobody's"}
ROWS = """
    select *, age_hours / 24 as age_days,
        case severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end as rank
    from ops.exceptions where {where}
"""


@dataclass(frozen=True)
class Matching:
    """The exceptions that match the filters: a condition of fixed SQL, and its values."""

    where: str
    parameters: tuple[object, ...]

    @property
    def sql(self) -> str:
        """Return the query of the rows, without order and limit."""
        return ROWS.format(where=self.where)


def ask(version: Version) -> Matching:
    """Show the filters, and return what matches. Those beside the first are folded, so that a phone shows the list."""
    chosen = {
        "state": address.choice("state", "Show", list(SHOWN), written=SHOWN.__getitem__, nothing="In the worklist")
    }
    active = sum(name in st.query_params for name in (*COLUMNS, "assignee"))
    with st.popover(f"Filters ({active})" if active else "Filters", icon=":material/filter_list:", width="content"):
        for name, heading in COLUMNS.items():
            words = version.rows(f"select distinct {name} as word from ops.exceptions order by word")["word"]  # noqa: S608 - ours
            chosen[name] = address.choice(name, heading, words.drop_nulls().to_list())
        chosen["assignee"] = address.choice("assignee", "Assignee", list(ASSIGNEES), written=ASSIGNEES.__getitem__)
    return _matching(chosen)


def from_address() -> Matching:
    """Return what matches the address, for pages that do not show the filters."""
    return _matching({name: st.query_params.get(name) for name in ("state", *COLUMNS, "assignee")})


def count(version: Version, query: Mapping[str, list[str]]) -> int:
    """Return the number of exceptions that match the address of a saved view."""
    matching = _matching({name: next(iter(query.get(name, [])), None) for name in ("state", *COLUMNS, "assignee")})
    found = version.row(f"select count(*) as n from ops.exceptions where {matching.where}", matching.parameters)  # noqa: S608 - fixed
    return int(found["n"])


def _matching(chosen: Mapping[str, str | None]) -> Matching:
    fragments, values = [STATES.get(chosen["state"] or "", STATES["worklist"])], []
    for name in COLUMNS:
        if chosen[name]:
            fragments.append(f"{name} = ?")
            values.append(chosen[name])
    if chosen["assignee"] == "nobody":
        fragments.append("assignee is null")
    elif chosen["assignee"] == "me":
        fragments.append("assignee = ?")
        values.append(signed_in().name)
    return Matching(" and ".join(fragments), tuple(values))
