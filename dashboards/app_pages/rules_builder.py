"""Builder of a rule: table, conditions and steps by clicking, with what it would do now and a picture of its steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st
from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.rules.replaying import replay_rules
from orderhouse.rules.rule import ONCE_PER, Rule
from orderhouse.rules.rules_file import load_rules
from orderhouse.rules.running import Preview, preview_rules
from orderhouse.rules.saving import as_yaml, checked, delete_rule, save_rule
from orderhouse.rules.sentences import condition_sentence, step_sentence
from orderhouse.rules.subjects import SUBJECTS
from shared.access import Version
from shared.conditions import conditions, fields_of_table
from shared.formats import count, label
from shared.formats import day as format_day
from shared.layout import section
from shared.people import signed_in
from shared.tables import column, table

from app_pages.rules_draft import Draft, draft_of, new_draft, rule_of
from app_pages.rules_list import NEW, may_save
from app_pages.rules_steps import steps

__all__ = ["builder"]

ROWS = 20
PAST_DAYS = 90


def builder(version: Version, name: str) -> None:
    """Show the builder of a rule; a new one for the name `new`."""
    known = {rule.name: rule for rule in load_rules(version.settings)}
    if name != NEW and name not in known:
        st.warning(f"T{nearest_sentence('rule', name, [*known, NEW])[1:]}")
        return
    if st.button("All rules", icon=":material/arrow_back:", key="all_rules"):
        _leave()
    draft = _draft(name, known.get(name))
    fields = fields_of_table(version, draft.table)
    with section("What does it look at?", "A rule looks at one table of the published version after each run."):
        _about(draft, name)
    if draft.other is not None:
        with section("When?", "This condition has groups within groups. It is changed in `rules.yaml`."):
            st.markdown(f"When {condition_sentence(draft.other)}.")
    else:
        with section("When?", "A row meets all of the first conditions, and one of the second if there are any."):
            for title, chosen, key in (
                ("All of these", draft.required, "required"),
                ("One of these", draft.alternatives, "alternatives"),
            ):
                conditions(version, draft.table, title, chosen, fields, f"{draft.key}.{key}.add")
    with section("Then?", "Steps in their order. Steps below an approval wait for it."):
        steps(version, draft, fields)
    with section("How often?", "What has fired for a row on one occasion does not fire for it again."):
        _limits(draft)
    _outcome(version, draft, known.get(name))


def _draft(name: str, rule: Rule | None) -> Draft:
    """Return the rule as it is being edited in this session."""
    held: dict[str, Draft] = st.session_state.setdefault("rule_drafts", {})
    if name not in held:
        held[name] = new_draft() if rule is None else draft_of(rule)
    return held[name]


def _leave() -> None:
    st.session_state.pop("rule_drafts", None)
    del st.query_params["rule"]
    st.rerun()


def _about(draft: Draft, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        draft.title = st.text_input("Title", draft.title, key=f"{draft.key}.title", width=420)
        if name == NEW:
            draft.name = st.text_input(
                "Name", draft.name, key=f"{draft.key}.name", width=220,
                help="Lower-case letters, digits and _. It is part of the key of every firing.",
            )  # fmt: skip
        tables = list(SUBJECTS)
        table_name = st.selectbox(
            "Table", tables, index=tables.index(draft.table), format_func=label, key=f"{draft.key}.table", width=200
        )
        draft.is_enabled = st.toggle("Switched on", draft.is_enabled, key=f"{draft.key}.enabled")
    if table_name != draft.table:
        draft.move_to(table_name)
        st.rerun()


def _limits(draft: Draft) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        draft.once_per = st.selectbox(
            "Once per", ONCE_PER, index=ONCE_PER.index(draft.once_per), key=f"{draft.key}.once", width=200
        )
        draft.limit_per_run = int(
            st.number_input(
                "Most firings of one run", 1, 10_000, draft.limit_per_run, key=f"{draft.key}.limit", width=200,
                help="With more, the rule does not fire at all and asks.",
            )
        )  # fmt: skip
        draft.quiet_hours = st.text_input(
            "Quiet hours", draft.quiet_hours, placeholder="Such as 21:00-08:00", key=f"{draft.key}.quiet", width=180
        )
        draft.stops = st.toggle(
            "Later rules leave these rows alone", draft.stops, key=f"{draft.key}.stops",
        )  # fmt: skip


def _outcome(version: Version, draft: Draft, before: Rule | None) -> None:
    """Show what the rule would do, its picture and text, and the buttons."""
    try:
        rule = checked(version.settings, rule_of(draft))
        (preview,) = preview_rules(version.settings, [rule])
    except OrderhouseError as error:
        st.error(f"It cannot be saved yet. {error.message}", icon=":material/edit_note:")
        return
    with section("What would it do now?", f"When {condition_sentence(rule.when)}."):
        _preview(rule, preview)
    _past(version, rule)
    with st.expander("As it will stand in `rules.yaml`"):
        st.code(as_yaml(rule), language="yaml")
    if not may_save():
        st.caption("Your role reads rules and does not change them.")
        return
    with st.container(horizontal=True):
        if st.button("Save", type="primary", icon=":material/save:", key="save_rule"):
            _save(version, rule, before)
        if before is not None and st.button("Remove", icon=":material/delete:", key="remove_rule"):
            _remove(version, before)


def _preview(rule: Rule, preview: Preview) -> None:
    would = preview.new.height
    st.markdown(f"**{count(preview.match.rows.height)}** rows match now. It would fire for **{count(would)}** of them.")
    if would > rule.limit_per_run:
        st.warning(f"That is above its limit of {count(rule.limit_per_run)}: it would stop and ask.")
    st.graphviz_chart(_picture(rule, would), width="content")
    shown = preview.new.select([name for name in preview.new.columns if not name.startswith("_")]).head(ROWS)
    table(
        shown.with_columns(pl.selectors.temporal().dt.to_string("%Y-%m-%d %H:%M")),
        {name: column(label(name)) for name in shown.columns},
        key="rule_preview",
        nothing="It would not fire for any row now.",
        of=would,
    )


def _past(version: Version, rule: Rule) -> None:
    """Offer the replay of the last weeks, and show what it found."""
    key = f"replay.{rule.version}"
    if key not in st.session_state:
        if not st.button(
            "What would it have done in the last 90 days?", icon=":material/history:", key="replay_rule",
            help="Builds the tables of each week as they were known at its end, which takes a while each.",
        ):  # fmt: skip
            return
        st.session_state[key] = _replayed(version, rule)
    found: list[dict[str, object]] = st.session_state[key]
    table(
        pl.DataFrame(found, schema={"day": pl.Date, "matched": pl.Int64, "fired": pl.Int64}),
        {
            "day": column("Known at the end of"),
            "matched": column("Matched", digits=0),
            "fired": column("Would have fired", "Rows for which it would not have fired before.", digits=0),
        },
        key="rule_past",
        nothing="Nothing had been received before the last week.",
        height="content",
    )


def _replayed(version: Version, rule: Rule) -> list[dict[str, object]]:
    last = datetime.now(ZoneInfo(version.time_zone)).date() - timedelta(days=1)
    with st.status("Building the tables as they were known") as status:
        days = replay_rules(
            version.settings, [rule], last - timedelta(days=PAST_DAYS), last, every_days=7,
            on_day=lambda day: status.update(label=f"As known at the end of {format_day(day)}"),
        )  # fmt: skip
        return [{"day": each.day, "matched": each.matched, "fired": each.rows.height} for each in days]


def _picture(rule: Rule, would: int) -> str:
    """Return the steps as a graph in the language of Graphviz."""
    texts = [f"{count(would)} {label(rule.table).lower()}", *(step_sentence(step) for step in rule.steps)]
    shapes = ["box", *("diamond" if step.kind == "approve" else "box" for step in rule.steps)]
    nodes = [
        f'n{number} [label="{_escaped(text)}", shape={shape}]'
        for number, (text, shape) in enumerate(zip(texts, shapes, strict=True))
    ]
    edges = [f"n{number} -> n{number + 1}" for number in range(len(texts) - 1)]
    # A grey that reads on light and dark.
    style = (
        'graph [rankdir=LR, bgcolor="transparent"]; edge [color="#6f8587"]; '
        'node [fontname="sans-serif", style=rounded, fontsize=11, color="#6f8587", fontcolor="#6f8587"]'
    )
    return f"digraph {{ {style}; {'; '.join([*nodes, *edges])} }}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _save(version: Version, rule: Rule, before: Rule | None) -> None:
    person = signed_in()
    try:
        save_rule(
            version.settings, replace(rule), actor=person.name, role=person.role.name,
            seen=before.version if before else None,
        )  # fmt: skip
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    _leave()


def _remove(version: Version, before: Rule) -> None:
    person = signed_in()
    try:
        delete_rule(version.settings, before.name, actor=person.name, role=person.role.name, seen=before.version)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    _leave()
