"""A new source from uploaded files: its columns beside those of a feed, what would be loaded, and saving it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st
import yaml
from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.codes import CURRENCIES
from orderhouse.errors import OrderhouseError
from orderhouse.operations.declaring import (
    FileColumn,
    Proposal,
    columns_of,
    declare_source,
    propose_sources,
    require_right,
    try_source,
)
from orderhouse.sources.formats.line_amounts import LINE_AMOUNT
from shared.access import Version
from shared.formats import label
from shared.people import signed_in

from app_pages.settings_trials import show_trial

__all__ = ["new_source"]

NOT_USED = "–"
# Keys that the page asks for apart from the text of all others.
APART = ("columns", "path", "feed")


def new_source(version: Version) -> None:
    """Ask for files, propose their mapping, and let a person correct, try and save it."""
    try:
        require_right(signed_in().role)
    except OrderhouseError as error:
        st.caption(error.message)
        return
    uploaded = st.file_uploader(
        "Files", accept_multiple_files=True, key="new_source.files",
        help="CSV, JSON, Parquet or Excel, packed or not. They stay in this browser's session until you save.",
    )  # fmt: skip
    if not uploaded:
        st.caption("Drop the files of one system here. They are looked at on this machine, and nothing is loaded.")
        return
    files = {Path(each.name).name: each.getvalue() for each in uploaded}
    currency = st.selectbox(
        "Currency of amounts whose file names none", sorted(CURRENCIES), key="new_source.currency", width=320,
        index=sorted(CURRENCIES).index(version.currency) if version.currency in CURRENCIES else None,
    )  # fmt: skip
    try:
        proposal = _proposal(version, files, currency)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    with st.expander("What was guessed, and why"):
        st.code(proposal.text, language="yaml", wrap_lines=True)
    if not proposal.sources:
        st.warning("These files fit no format and no feed. The text above lists their columns.", icon=":material/help:")
        return
    names = list(proposal.sources)
    name = st.selectbox("Source", names, key="new_source.name") if len(names) > 1 else names[0]
    _edit(version, files, str(name), proposal.sources[str(name)])


def _proposal(version: Version, files: Mapping[str, bytes], currency: str | None) -> Proposal:
    """Return the proposal for these files, made once for the same files."""
    content = b"".join(name.encode() + each for name, each in sorted(files.items()))
    digest = hashlib.sha256(content + str(currency).encode()).hexdigest()
    held = st.session_state.get("new_source.proposal")
    if held is None or held[0] != digest:
        with st.spinner("Reading the files…", show_time=True), _written(files) as folder:
            held = (digest, propose_sources(version.settings, folder, currency))
        st.session_state["new_source.proposal"] = held
    found: Proposal = held[1]
    return found


def _edit(version: Version, files: Mapping[str, bytes], proposed_name: str, proposed: Mapping[str, Any]) -> None:
    """Show the mapping of one source, and what can be done with it."""
    own = _own_files(files, proposed)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", proposed_name, key=f"new_source.{proposed_name}.name", width=260)
        feed = proposed.get("feed")
        if feed:
            feeds = list(CONTRACTS)
            feed = st.selectbox(
                "Feed", feeds, index=feeds.index(str(feed)), format_func=label,
                key=f"new_source.{proposed_name}.feed", width=220,
            )  # fmt: skip
    declared: dict[str, Any] = {"format": proposed["format"], **({"feed": feed} if feed else {}), "path": "*"}
    try:
        if feed:
            with _written(own) as folder:
                columns = columns_of(folder / next(iter(own)), proposed)
            declared["columns"] = _mapped(columns, str(feed), proposed, proposed_name)
        declared |= _further(proposed, proposed_name)
        if st.button("Try it", icon=":material/fact_check:", key="new_source.try"):
            with st.spinner("Reading the files…", show_time=True), _written(own) as folder:
                trial = try_source(version.settings, folder, name, declared)
            st.session_state["new_source.trial"] = (name, declared, trial)
        _outcome(version, own, name, declared)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")


def _own_files(files: Mapping[str, bytes], proposed: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of one proposed source; its path names them."""
    paths = proposed["path"] if isinstance(proposed["path"], list) else [proposed["path"]]
    own = {name: content for name, content in files.items() if any(Path(name).match(str(path)) for path in paths)}
    return own or dict(files)


def _mapped(columns: Sequence[FileColumn], feed: str, proposed: Mapping[str, Any], key: str) -> Any:
    """Let a person choose our column for each column of the file; return `columns` of the source."""
    given = proposed.get("columns") or {}
    ours = dict(zip((each.name for each in columns), given, strict=False)) if isinstance(given, list) else dict(given)
    texts = {theirs: ", ".join(names) if isinstance(names, list) else str(names) for theirs, names in ours.items()}
    fields = [*CONTRACTS[feed].fields(), *([LINE_AMOUNT] if feed == "order_lines" else [])]
    choices = [NOT_USED, *fields, *sorted({text for text in texts.values() if ", " in text})]
    frame = pl.DataFrame(
        {
            "theirs": [each.name for each in columns],
            "values": [" · ".join(each.values) for each in columns],
            "ours": [_choice(texts.get(each.name), each.name, choices) for each in columns],
        }
    )
    edited = st.data_editor(
        frame, hide_index=True, width="stretch", key=f"new_source.{key}.{feed}.columns", disabled=["theirs", "values"],
        column_config={
            "theirs": st.column_config.TextColumn("Column of the file"),
            "values": st.column_config.TextColumn("First values"),
            "ours": st.column_config.SelectboxColumn(f"Column of {label(feed)}", options=choices, required=True),
        },
    )  # fmt: skip
    chosen = {theirs: text for theirs, text in zip(edited["theirs"], edited["ours"], strict=True) if text != NOT_USED}
    lacking = [name for name in CONTRACTS[feed].required() if name not in ", ".join(chosen.values()).split(", ")]
    if lacking:
        st.caption(f"Required and not chosen: {', '.join(lacking)}. A column, or a key below, must give them.")
    if isinstance(given, list):
        return [_names(chosen.get(each.name, "_")) for each in columns]
    return {theirs: _names(text) for theirs, text in chosen.items()}


def _choice(text: str | None, name: str, choices: Sequence[str]) -> str:
    """Return the choice for a column: what was proposed, its own name if the feed has it, or nothing."""
    wanted = text if text is not None else name
    return wanted if wanted in choices else NOT_USED


def _names(text: str) -> str | list[str]:
    names = text.split(", ")
    return names[0] if len(names) == 1 else names


def _further(proposed: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Let a person edit the other keys as YAML; return them."""
    rest = {name: value for name, value in proposed.items() if name not in (*APART, "format")}
    text = st.text_area(
        "Further keys", yaml.safe_dump(rest, sort_keys=False, allow_unicode=True) if rest else "",
        key=f"new_source.{key}.further", height="content",
        placeholder='constants: {currency: EUR}\ntime_zone: Europe/Berlin\ndates: "%d.%m.%Y"\ndecimal: ","',
        help="Constants, ids, words, forms of days, decimal sign and others, as in docs/adding_a_source.md.",
    )  # fmt: skip
    try:
        found = yaml.load(text, Loader=yaml.BaseLoader) if text.strip() else {}  # noqa: S506 - texts only
    except yaml.YAMLError:
        raise OrderhouseError("Further keys: this is not valid YAML. Write one `key: value` per line.") from None
    if not isinstance(found, dict):
        raise OrderhouseError("Further keys: write one `key: value` per line.")
    return found


def _outcome(version: Version, files: Mapping[str, bytes], name: str, declared: Mapping[str, Any]) -> None:
    """Show the trial of this declaration, and offer to save it."""
    held = st.session_state.get("new_source.trial")
    if held is None or held[:2] != (name, declared):
        st.caption("Try it to see the first rows, the totals and what would be quarantined.")
        return
    show_trial(held[2], shows_rows=True)
    is_usable = not held[2].notes and any(found.accepted for found in held[2].feeds.values())
    if not is_usable:
        st.caption("It can be saved once some of its rows are accepted.")
    elif st.button("Save the source", type="primary", icon=":material/save:", key="new_source.save"):
        person = signed_in()
        with _written(files) as folder:
            target = declare_source(version.settings, folder, name, declared, actor=person.name, role=person.role)
        del st.session_state["new_source.trial"]
        st.success(
            f"Saved in `{version.settings.sources_file}`. Its files are in `{target}`, where further ones belong. "
            "The next run loads them.",
            icon=":material/check_circle:",
        )


@contextmanager
def _written(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Write files into a folder that only this user may read, and that goes at once."""
    with tempfile.TemporaryDirectory(prefix="orderhouse-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        yield Path(folder)
