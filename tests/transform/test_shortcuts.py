"""Tests of the shortcuts through dbt's own work: they give what dbt gives without them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from dbt.clients.jinja import MacroStack, get_rendered
from dbt.compilation import InjectedCTE, inject_ctes_into_sql
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.events.types import CommandCompleted, LogStartLine, NodeStart
from dbt_common.clients import agate_helper
from dbt_common.clients.agate_helper import table_from_data_flat
from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from orderhouse.transform.shortcuts import (
    leading_words_only,
    no_debug_events,
    plain_results,
    quick_namespaces,
    shortcuts,
    templates_compiled_once,
)
from sqlparse.lexer import Lexer

STEPS = [InjectedCTE(id="1", sql=" first as (\nselect 1 as a\n)"), InjectedCTE(id="2", sql=" second as (select 2)")]
# Macros by package. `a` is in every package, so that the order of the search decides.
PACKAGES = {
    "dbt": ("a", "b", "c"),
    "dbt_duckdb": ("a", "b", "d"),
    "orderhouse": ("a", "c", "e", "other"),
    "other": ("a", "b", "d", "e", "f"),
}


def namespace(search: str) -> MacroNamespace:
    """Build the namespace of a node of a package."""
    macros = {
        package: {name: SimpleNamespace(name=name, package_name=package) for name in names}
        for package, names in PACKAGES.items()
    }
    builder = MacroNamespaceBuilder("orderhouse", search, MacroStack(), ["dbt_duckdb", "dbt"], node="node")
    return builder.build_namespace(macros, {"context": 1})


def plainly(found: Any) -> Any:
    """Return a macro or a package of a namespace as plain values."""
    if isinstance(found, dict):
        return {name: plainly(macro) for name, macro in found.items()}
    return found.macro.package_name, found.macro.name, found.context, found.node, type(found.stack), type(found)


@pytest.mark.parametrize("search", ["orderhouse", "other", "dbt"])
def test_a_name_means_the_same_macro_as_in_the_namespace_of_dbt(search: str) -> None:
    usual = namespace(search)
    with quick_namespaces():
        quick = namespace(search)
    assert type(quick) is not type(usual)
    assert {name: plainly(quick[name]) for name in quick} == {name: plainly(usual[name]) for name in usual}
    assert len(quick) == len(usual) > 7
    for package in (None, "dbt", "other", "orderhouse"):
        for name in ("a", "b", "c", "d", "e", "f", "g"):
            found, expected = quick.get_from_package(package, name), usual.get_from_package(package, name)
            assert (found and plainly(found)) == (expected and plainly(expected)), (package, name)


def test_starts_and_ends_of_nodes_and_all_above_debug_are_heard_and_nothing_else() -> None:
    manager = EventManager()
    heard: list[Any] = []
    manager.add_callback(heard.append)
    with no_debug_events():
        manager.fire_event(NodeStart(node_info={"unique_id": "model.orders"}))
        manager.fire_event(CommandCompleted(command="build"))
        manager.fire_event(CommandCompleted(command="test"), level=EventLevel.INFO)
        manager.fire_event(LogStartLine(description="orders", index=1, total=2))
    assert [message.info.name for message in heard] == ["NodeStart", "CommandCompleted", "LogStartLine"]
    assert heard[0].data.node_info.unique_id == "model.orders"
    assert (heard[1].info.level, heard[1].data.command) == ("info", "test")
    assert heard[2].info.msg.startswith("1 of 2 START orders")


def test_a_dropped_event_is_never_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: BaseEvent, **fields: object) -> None:
        raise AssertionError(f"{type(self).__name__} was converted")

    monkeypatch.setattr(BaseEvent, "__init__", fail)
    with no_debug_events():
        EventManager().fire_event(CommandCompleted(command="build"))
        with pytest.raises(AssertionError, match="NodeStart was converted"):
            EventManager().fire_event(NodeStart(node_info={}))


def test_a_template_used_again_reads_its_own_context_and_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_code = MacroFuzzEnvironment._compile

    def count(self: Any, source: str, filename: str) -> Any:
        compiled.append(source)
        return compile_code(self, source, filename)

    monkeypatch.setattr(MacroFuzzEnvironment, "_compile", count)
    with templates_compiled_once():
        rendered = [get_rendered("select {{ 1 + shift }} as a_new_template", {"shift": shift}) for shift in (1, 2)]
        native = get_rendered("{{ 1 + shift }}", {"shift": 1}, native=True)
        text = get_rendered("{{ 1 + shift }}", {"shift": 1})
    assert rendered == ["select 2 as a_new_template", "select 3 as a_new_template"]
    assert sum("a_new_template" in source for source in compiled) == 1
    assert (native, text) == (2, "2")


def test_results_have_the_values_and_types_of_dbt() -> None:
    rows = [{"id": "007", "n": 1, "at": "2026-01-01", "none": None}, {"id": "null", "n": 2, "at": "x", "none": ""}]

    def read(chosen: list[str]) -> Any:
        table = table_from_data_flat(rows, chosen)
        return [tuple(row) for row in table.rows], [type(each) for each in table.column_types]

    selections = (["id", "n"], ["n"], ["n", "none"], ["id", "n", "at", "none"], ["id", "n"])
    usual = [read(chosen) for chosen in selections]
    with plain_results():
        assert [read(chosen) for chosen in selections] == usual


@pytest.mark.parametrize(
    "query",
    [
        "select * from first",
        "\n\n    with third as (select * from first) select * from third union all select * from second",
        "WITH recursive numbers as (select 1 as n union all select n + 1 from numbers where n < 3) from numbers",
        "-- with a comment\n/* with\n another */ with third as (select 1) select 'with', ';', $$;$$ from third",
        "-- a comment; and with\nselect 1 as a -- with\n",
        "--\nselect (with third as (select 1) select * from third) as inner_with",
        "with_totals",
        "  /* open",
    ],
)
def test_steps_are_inserted_at_the_same_place_as_by_parsing_the_whole_query(query: str) -> None:
    expected = inject_ctes_into_sql(query, STEPS)
    with leading_words_only():
        assert inject_ctes_into_sql(query, STEPS) == expected


def test_everything_is_put_back() -> None:
    def parts() -> tuple[Any, ...]:
        classes = (BaseEvent, EventManager, MacroNamespaceBuilder, MacroFuzzEnvironment)
        return (*(dict(vars(each)) for each in classes), agate_helper.empty_table, agate_helper.build_type_tester)

    before = parts()
    with shortcuts():
        assert parts() != before
    assert parts() == before
    assert "compile" not in vars(MacroFuzzEnvironment), "it is inherited"
    assert len(list(Lexer.get_default_instance().get_tokens("select 1 from orders"))) > 5
