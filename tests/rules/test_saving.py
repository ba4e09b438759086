"""Saving of a rule from the page: the file stays readable, and what others wrote in it stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.errors import OrderhouseError
from orderhouse.operations.store import open_store
from orderhouse.operations.tables import RULE_VERSIONS
from orderhouse.rules.rule import OPERATORS, Comparison, Group, Rule, Step
from orderhouse.rules.rules_file import SHIPPED, load_rules, read_rules, rules_path
from orderhouse.rules.saving import as_yaml, delete_rule, save_rule
from orderhouse.settings import Settings
from sqlalchemy import select

NEW = Rule(
    name="new_one",
    title="A: new #one",
    is_enabled=False,
    table="orders",
    when=Group("all", (Comparison("stage", "eq", ("late",)), Comparison("due_amount", "between", ("1", "2")))),
    steps=(Step("notify", {"role": "operator", "text": "Order {order_id}: look"}),),
)


def test_saved_rule_is_read_as_it_was_and_all_other_lines_stay(settings: Settings) -> None:
    save_rule(settings, NEW, actor="mia", role="admin")
    text = rules_path(settings).read_text(encoding="utf-8")
    assert text.startswith(SHIPPED.read_text(encoding="utf-8"))
    found = load_rules(settings)
    assert found[:-1] == read_rules(SHIPPED)
    assert found[-1].version == NEW.version
    assert (found[-1].title, found[-1].is_enabled) == (NEW.title, False)


def test_comments_around_a_replaced_rule_stay(settings: Settings) -> None:
    path = rules_path(settings)
    path.write_text(
        "# top\nrules:\n  # about a\n  a:\n    on: orders\n    when: {field: stage, eq: late}  # why\n    then:\n"
        "      - notify: {role: agent, text: x}\n\n  # about b\n  b:\n    on: orders\n"
        "    when: {field: stage, eq: placed}\n    then: [{notify: {role: agent, text: y}}]\n# end\n",
        encoding="utf-8",
    )
    first, second = load_rules(settings)
    save_rule(settings, replace(first, limit_per_run=5), actor="mia", role="admin", seen=first.version)
    text = path.read_text(encoding="utf-8")
    for line in ("# top\n", "  # about a\n  a:\n", "\n  # about b\n  b:\n    on: orders\n", "# end\n"):
        assert line in text
    assert "limit_per_run: 5" in text
    changed, same = load_rules(settings)
    assert (changed.limit_per_run, same.version) == (5, second.version)
    delete_rule(settings, "a", actor="mia", role="admin", seen=changed.version)
    assert [rule.name for rule in load_rules(settings)] == ["b"]


def test_rule_with_a_mistake_is_not_saved(settings: Settings) -> None:
    wrong = replace(NEW, when=Group("all", (Comparison("stagee", "eq", ("late",)),)))
    with pytest.raises(OrderhouseError, match="there is no field 'stagee'; did you mean 'stage'"):
        save_rule(settings, wrong, actor="mia", role="admin")
    assert not rules_path(settings).exists()


def test_rule_that_somebody_else_changed_meanwhile_is_not_overwritten(settings: Settings) -> None:
    save_rule(settings, NEW, actor="mia", role="admin")
    seen = load_rules(settings)[-1].version
    save_rule(settings, replace(NEW, limit_per_run=9), actor="tom", role="admin", seen=seen)
    with pytest.raises(OrderhouseError, match="it was changed since you opened it"):
        save_rule(settings, replace(NEW, limit_per_run=3), actor="mia", role="admin", seen=seen)
    with pytest.raises(OrderhouseError, match="there is a rule of that name already"):
        save_rule(settings, NEW, actor="mia", role="admin")
    assert load_rules(settings)[-1].limit_per_run == 9


def test_who_saved_a_version_is_kept(settings: Settings) -> None:
    saved = save_rule(settings, NEW, actor="mia", role="admin")
    columns = RULE_VERSIONS.c
    with open_store(settings).reading() as connection:
        rows = connection.execute(select(columns.rule, columns.version, columns.editor)).fetchall()
    assert [tuple(row) for row in rows] == [("new_one", saved.version, "mia")]


VALUES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20)


@given(
    title=VALUES.filter(str.strip),
    parts=st.lists(st.tuples(st.sampled_from([each for each in OPERATORS if each != "is_null"]), VALUES), min_size=1),
)
def test_any_text_comes_back_from_the_file_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, title: str, parts: list[tuple[str, str]]
) -> None:
    when = Group(
        "all",
        tuple(
            Comparison("stage", operator, (value, value) if operator == "between" else (value,))
            for operator, value in parts
        ),
    )
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    rule = replace(NEW, title=title, when=when)
    path.write_text("rules:\n" + as_yaml(rule), encoding="utf-8")
    (found,) = read_rules(path)
    assert (found.title, found.version) == (title, rule.version)
