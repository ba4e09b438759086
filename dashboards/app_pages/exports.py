"""Exports page: any published table, filtered, as a download or by a command with a manifest."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

import streamlit as st
from orderhouse.invocation import command_here
from orderhouse.serve.exports import FORMATS, export
from shared import address
from shared.access import Version, quoted
from shared.formats import compact, count, label
from shared.layout import Figure, empty, figures, section, start
from shared.people import Person, signed_in

from app_pages import exports_filters
from app_pages.exports_filters import Condition

PREVIEW = 50
# A download is held in the memory of the server. A million rows of orders are about 250 MB as CSV.
DOWNLOAD_ROWS = 1_000_000
MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def selection(name: str, conditions: list[Condition]) -> tuple[str, list[object]]:
    """Return the query for the filtered rows, and its parameters."""
    where = " and ".join(condition.sql for condition in conditions) or "true"
    values = [value for condition in conditions for value in condition.values]
    return f"select * from {quoted(name)} where {where}", values  # noqa: S608 - names quoted, values are parameters


def written(conditions: list[Condition]) -> str | None:
    """Return the conditions as one, in the syntax of `--where`."""
    return " and ".join(condition.written() for condition in conditions) or None


def contents(person: Person, version: Version, name: str, form: str, where: str | None) -> bytes:
    """Export the rows as `orderhouse export` does, record it, and return the bytes of the file."""
    person.record("export", name, version=version.number, format=form, where=where)
    with tempfile.TemporaryDirectory() as folder:
        manifest = export(
            version.settings, [name], format=form, to=folder, where=where, version=version.number, role=person.role
        )
        return (Path(folder) / manifest.tables[0].files[0].path).read_bytes()


def command(version: Version, name: str, form: str, where: str | None) -> str:
    """Return the command that exports the same rows of the same version."""
    condition = f" --where {shlex.quote(where)}" if where else ""
    role = "" if version.role.sees_everything else f" --as-role {version.role.name}"
    return f"{command_here()} export {name} --format {form}{condition} --version {version.number}{role} --to exports"


def download(version: Version, name: str, form: str, where: str | None, *, is_allowed: bool) -> None:
    """Show the download button, and the command for the same rows."""
    person = signed_in()  # the file is written later, when this page is no longer drawn
    st.download_button(
        f"Download {label(form)}",
        data=lambda: contents(person, version, name, form, where),
        file_name=f"{name.replace('.', '_')}_v{version.number}.{form}",
        mime=MEDIA_TYPES[form],
        icon=":material/download:",
        type="primary",
        disabled=not is_allowed,
        on_click="ignore",
    )
    if not is_allowed:
        st.warning(f"The download is limited to {count(DOWNLOAD_ROWS)} rows. Use the command below: it has no limit.")
    st.caption("This command exports the same rows, with a manifest for `orderhouse verify`:")
    st.code(command(version, name, form, where), language="bash", wrap_lines=True)


def offer(version: Version, name: str, form: str, conditions: list[Condition]) -> None:
    """Show the numbers of rows and columns, the download and a preview."""
    sql, parameters = selection(name, conditions)
    where = written(conditions)
    rows = version.row(f"select count(*) as n from ({sql}) as chosen", parameters)["n"]  # noqa: S608 - as in selection
    figures(
        [
            Figure("Rows", compact(rows), "Rows that match the filters."),
            Figure("Columns", str(len(version.columns(name)))),
            Figure("Version", str(version.number), "Published version of the rows."),
        ]
    )
    if version.role.exports:
        download(version, name, form, where, is_allowed=rows <= DOWNLOAD_ROWS)
    else:
        st.info(f"Your role, {version.role.name}, may look at tables but not export them.", icon=":material/lock:")
    with section("Preview", f"The first {PREVIEW} rows as stored, with instants in UTC."):
        found = version.rows(f"{sql} limit {PREVIEW}", parameters)
        if found.is_empty():
            empty("No row matches the filters.")
        else:
            st.dataframe(found, hide_index=True, key="preview", placeholder="–")


version = start(
    "Exports",
    "Any published table as CSV, Parquet or XLSX, with exact decimal amounts and tokens in place of personal data.",
)
tables = version.tables()
with st.container(horizontal=True, vertical_alignment="bottom"):
    default = "marts.fct_orders" if "marts.fct_orders" in tables else tables[0]
    name = address.one("table", "Table", tables, default, written=str, width=340)
    form = address.segment("format", "Format", FORMATS, "csv")
offer(version, name, form, exports_filters.ask(version, name, version.columns(name)))
