"""List of the rules, with what each matches now, and those that ask because they would fire too often."""

from __future__ import annotations

import polars as pl
import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.rules.contradictions import contradictions
from orderhouse.rules.rule import Rule
from orderhouse.rules.rules_file import load_rules, path_in_force
from orderhouse.rules.running import Preview, preview_rules
from orderhouse.rules.sentences import condition_sentence, steps_sentence
from orderhouse.rules.stops import allow, stops
from shared.access import Version
from shared.formats import count, stored_instant
from shared.people import signed_in
from shared.tables import column, table

__all__ = ["NEW", "may_save", "rules"]

NEW = "new"


def may_save() -> bool:
    """Tell if the person may change rules."""
    return signed_in().role.may("automate")


def rules(version: Version) -> None:
    """List the rules; an opened one is shown in the builder."""
    found = load_rules(version.settings)
    st.caption(f"They stand in `{path_in_force(version.settings).name}`, whose order counts.")
    _asking(version)
    for sentence in contradictions(found):
        st.error(f"No rule fires: {sentence}.", icon=":material/error:")
    if may_save() and st.button("New rule", icon=":material/add:", key="new_rule"):
        st.query_params["rule"] = NEW
        st.rerun()
    opened = table(
        pl.DataFrame(_rows(version, found)),
        {
            "title": column("Rule"),
            "state": column("State"),
            "table": column("Table"),
            "when": column("When"),
            "then": column("Then"),
            "matched": column("Match now", "Rows of the published version that meet the condition.", digits=0),
            "new": column("Would fire", "Rows for which it has not fired yet.", digits=0),
            "problem": column("Mistake"),
        },
        key="rules",
        nothing="There is no rule.",
        select="Open a rule to see its steps, and what it would do.",
        height="content",
    )
    if opened:
        st.query_params["rule"] = opened["name"]
        st.rerun()


def _rows(version: Version, found: list[Rule]) -> list[dict[str, object]]:
    """Return a row for each rule; if one of them has a mistake, each is looked at by itself."""
    with st.spinner("Looking at what each rule matches"):
        try:
            previews = preview_rules(version.settings, found)
        except OrderhouseError:
            return [_row(version, rule) for rule in found]
        return [_described(each.match.rule) | _counts(each) for each in previews]


def _row(version: Version, rule: Rule) -> dict[str, object]:
    try:
        (preview,) = preview_rules(version.settings, [rule])
    except OrderhouseError as error:
        return _described(rule) | {"problem": error.message}
    return _described(rule) | _counts(preview)


def _counts(preview: Preview) -> dict[str, object]:
    return {"matched": preview.match.rows.height, "new": preview.new.height}


def _described(rule: Rule) -> dict[str, object]:
    return {
        "name": rule.name, "title": rule.title, "state": "on" if rule.is_enabled else "off", "table": rule.table,
        "when": condition_sentence(rule.when), "then": steps_sentence(rule.steps), "matched": None, "new": None,
        "problem": None,
    }  # fmt: skip


def _asking(version: Version) -> None:
    """Show the rules that ask, with a button for who may decide."""
    for stop in stops(version.settings):
        if stop.allowed_count is not None:
            st.info(
                f"{stop.rule} may fire {count(stop.allowed_count)} times in the next run ({stop.decided_by}).",
                icon=":material/task_alt:",
            )
            continue
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(
                f"{stop.rule} would fire {count(stop.firings_count)} times, which is above its limit. It has fired not "
                f"at all and waits since {stored_instant(stop.asked_at, version.time_zone)}.",
                icon=":material/front_hand:",
            )
            if may_save() and st.button("Let it fire once", key=f"allow.{stop.rule}"):
                person = signed_in()
                allow(version.settings, stop.rule, actor=person.name, role=person.role.name)
                st.rerun()
