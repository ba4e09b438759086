"""Section of the Today page: the saved views that the reader sees, with the number of their rows."""

from __future__ import annotations

import polars as pl
import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.operations.saved_views import SavedView, views_of
from shared.access import DataMissing, Version
from shared.formats import label
from shared.layout import section
from shared.people import signed_in
from shared.tables import column, table
from shared.views import COUNTS

__all__ = ["views"]

# Views of the list, the reader's own first. Each costs one query per version.
SHOWN = 20


def views(version: Version) -> None:
    """List the saved views with their counts. An opened row leads to its page. Without views there is no section."""
    person = signed_in()
    try:
        found = views_of(person.settings, person=person.name, role=person.role)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    if not found:
        return
    with section("How full are your views?", "Saved views of lists, your own first, with the number of their rows."):
        rows = [
            {
                "name": view.name,
                "page": label(view.page),
                "rows": _count(version, view),
                "shared": f"{view.shared_with} by {view.owner}" if view.shared_with else "private",
            }
            for view in found[:SHOWN]
        ]
        schema = {"name": pl.String, "page": pl.String, "rows": pl.Int64, "shared": pl.String}
        picked = table(
            pl.DataFrame(rows, schema=schema).with_row_index("place"),
            {
                "name": column("View"),
                "page": column("Page"),
                "rows": column("Rows", "Rows that match now. Pages that are not one list have none.", digits=0),
                "shared": column("Shared with"),
            },
            key="saved_views",
            nothing="No view is saved.",
            of=len(found),
            select="Open a row to see its list.",
            height="content",
        )
        if picked:
            view = found[picked["place"]]
            st.switch_page(f"app_pages/{view.page}.py", query_params=view.query)


def _count(version: Version, view: SavedView) -> int | None:
    """Return the number of rows of a view; None if its page has no count, or the role lacks the table."""
    counts = COUNTS.get(view.page)
    try:
        return counts(version, view.query) if counts else None
    except DataMissing:
        return None
