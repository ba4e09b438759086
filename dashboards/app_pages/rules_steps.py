"""Steps of a rule that is edited, in an order that buttons change."""

from __future__ import annotations

import streamlit as st
from orderhouse.access.roles import BUILT_IN
from orderhouse.messages.configuration import Configuration, load_configuration
from orderhouse.messages.rule_messages import KINDS_BY_ORDER, needs_consent_of
from orderhouse.rules.rule import STEP_KINDS
from orderhouse.rules.sentences import ACTIONS
from orderhouse.rules.steps_file import KINDS_OF_RULES
from orderhouse.rules.subjects import SUBJECTS
from shared.access import Version
from shared.conditions import Fields
from shared.formats import label

from app_pages.rules_draft import Draft, StepDraft, example_text

__all__ = ["steps"]

ROLES = tuple(BUILT_IN)
TITLES = {
    "approve": "Ask for an approval",
    "action": "Act",
    "notify": "Tell a team",
    "message": "Write to the customer",
    "webhook": "Call a webhook",
}
YES_NO = {"true": "yes", "false": "no"}
OF_EXCEPTIONS = ("assign", "resolve")


def steps(version: Version, draft: Draft, fields: Fields) -> None:
    """Show the steps with their options."""
    for number, step in enumerate(list(draft.steps)):
        with st.container(border=True):
            _one(version, draft, number, step, fields)
    kinds = [kind for kind in STEP_KINDS if _is_possible(kind, draft.table)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            "Next step",
            kinds,
            format_func=TITLES.__getitem__,
            key=f"{draft.key}.next",
            width=220,
            index=kinds.index("notify"),
        )
        if st.button("Add the step", icon=":material/add:", key=f"{draft.key}.add_step"):
            draft.steps.append(StepDraft(kind, {"text": example_text(draft.table)} if kind == "notify" else {}))
            st.rerun()
    examples = ", ".join(f"`{{{name}}}`" for name in SUBJECTS[draft.table].key)
    st.caption(f"Texts may name {len(fields)} fields of the row in braces, such as {examples}.")


def _is_possible(kind: str, table: str) -> bool:
    """Tell if rows of a table can take a kind of step."""
    has_order = SUBJECTS[table].order is not None
    return has_order or kind not in ("action", "message") or (kind == "message" and table == "customers")


def _one(version: Version, draft: Draft, number: int, step: StepDraft, fields: Fields) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.markdown(f"**{number + 1}. {TITLES[step.kind]}**", width=200)
        for text, icon, by in (("Up", "arrow_upward", -1), ("Down", "arrow_downward", 1)):
            other = number + by
            if st.button(
                text, icon=f":material/{icon}:", key=f"{step.key}.{text}", type="tertiary",
                disabled=not 0 <= other < len(draft.steps),
            ):  # fmt: skip
                draft.steps[number], draft.steps[other] = draft.steps[other], draft.steps[number]
                st.rerun()
        if st.button("Remove", icon=":material/close:", key=f"{step.key}.remove", type="tertiary"):
            draft.steps.remove(step)
            st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _options(version, draft, step, fields)


def _options(version: Version, draft: Draft, step: StepDraft, fields: Fields) -> None:
    """Show the options of a step, and keep them."""
    if step.kind == "approve":
        _pick(step, "role", "By", ROLES, "finance")
        _type(step, "above", "Only above", "Such as 100 EUR", 160)
    elif step.kind == "action":
        known = [kind for kind in KINDS_OF_RULES if draft.table == "exceptions" or kind not in OF_EXCEPTIONS]
        kind = _pick(step, "kind", "Action", tuple(known), known[0], written=ACTIONS)
        _pick(step, "as", "As", ROLES, "operator")
        if kind == "assign":
            _type(step, "assignee", "To", "A person", 200)
        if kind in ("note", "tag"):
            _type(step, "text", "Text", "", 400)
        if kind == "cancel":
            _pick(step, "tell_customer", "Tell the customer", ("true", "false"), "true", written=YES_NO)
    elif step.kind == "message":
        configuration = load_configuration(version.settings)
        texts = (*(KINDS_BY_ORDER if draft.table != "customers" else ()), *configuration.templates)
        template = _pick(step, "template", "Text", texts, texts[0])
        _pick(step, "channel", "Channel", tuple({"email": 0, **_channels(configuration)}), "email")
        _choose_fields(step, fields)
        if needs_consent_of(configuration, template):
            st.caption("Only to customers who agreed to marketing.")
    elif step.kind == "notify":
        _pick(step, "role", "Team", ROLES, "operator")
        _type(step, "text", "Text", "Such as: Order {order_id} is late", 560)
    else:
        _type(step, "to", "Endpoint of messages.yaml", "Its name", 240)
        _choose_fields(step, fields)


def _channels(configuration: Configuration) -> dict[str, int]:
    """Return the channels that take messages to customers, in their order."""
    return {name: 0 for name, route in configuration.routes.items() if route.endpoint.channel != "http"}


def _choose_fields(step: StepDraft, fields: Fields) -> None:
    """Ask which fields of the row go along."""
    chosen = [name.strip() for name in step.options.get("fields", "").split(",") if name.strip() in fields]
    step.options["fields"] = ", ".join(
        st.multiselect("Fields", list(fields), chosen, key=f"{step.key}.fields", width=400, placeholder="No field")
    )


def _pick(
    step: StepDraft,
    name: str,
    heading: str,
    words: tuple[str, ...],
    default: str,
    written: dict[str, str] | None = None,
) -> str:
    at = step.options.get(name, default)
    step.options[name] = st.selectbox(
        heading, words, index=words.index(at) if at in words else 0, key=f"{step.key}.{name}", width=220,
        format_func=(lambda word: written[word].capitalize()) if written else label,
    )  # fmt: skip
    return step.options[name]


def _type(step: StepDraft, name: str, heading: str, hint: str, width: int) -> None:
    step.options[name] = st.text_input(
        heading, step.options.get(name, ""), placeholder=hint, key=f"{step.key}.{name}", width=width
    )
