"""Shortcuts through dbt's own work for each node, which leave its queries, results and log as they are.

A build of two orders computes 157 models, for which DuckDB takes a third of the processor time. These context managers
replace parts of dbt, sqlparse and Jinja while dbt runs in this process, and put the originals back afterwards.
Imports are inside the functions, so that only commands that run dbt pay for them.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, ModuleType
from typing import Any

__all__ = ["compile_templates", "replaced", "shortcuts"]

# Events of level `debug` that are passed on.
HEARD = frozenset({"NodeStart", "NodeFinished"})

_compiled: dict[tuple[type, str], CodeType] = {}


@contextlib.contextmanager
def shortcuts() -> Iterator[None]:
    """Take every shortcut while dbt runs."""
    with contextlib.ExitStack() as taken:
        for shortcut in SHORTCUTS:
            taken.enter_context(shortcut())
        yield


@contextlib.contextmanager
def leading_words_only() -> Iterator[None]:
    """Make sqlparse read no more of a query than its leading comments and `with`.

    dbt inserts ephemeral models as CTEs behind the first `with`, and to find it has sqlparse split the whole query.
    That took 2.2 of the 14 processor seconds of a build of 300 orders, and takes 0.02 with these patterns.
    """
    from sqlparse import tokens
    from sqlparse.lexer import Lexer

    lexer = Lexer.get_default_instance()
    lexer.set_SQL_REGEX(
        [
            (r"\s+", tokens.Whitespace),
            (r"--[^\n]*\n?", tokens.Comment.Single),
            (r"/\*[\s\S]*?\*/", tokens.Comment.Multiline),
            (r"(with|recursive)\b", tokens.Keyword),
            (r"[\s\S]+", tokens.Text),
        ]
    )
    try:
        yield
    finally:
        lexer.default_initialization()


@contextlib.contextmanager
def no_debug_events() -> Iterator[None]:
    """Drop events of level `debug` that nobody hears before dbt writes them out as messages.

    dbt fires 25 of them for each node, converts their fields to protobuf, and formats each as a line of its log before
    the level of the log drops it. The fields are converted when they are first read.
    """
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    convert, read, fire = BaseEvent.__init__, BaseEvent.__getattr__, EventManager.fire_event

    def keep(self: Any, *args: Any, **fields: Any) -> None:
        self.__dict__["_given"] = (args, fields)

    def convert_once(self: Any, key: str) -> Any:
        if "_given" in self.__dict__:
            args, fields = self.__dict__.pop("_given")
            convert(self, *args, **fields)
        return read(self, key)

    def fire_heard(self: Any, e: Any, level: Any = None, *args: Any, **more: Any) -> None:
        if (level or e.level_tag()) is not EventLevel.DEBUG or type(e).__name__ in HEARD:
            fire(self, e, level, *args, **more)

    with (
        replaced(BaseEvent, "__init__", keep),
        replaced(BaseEvent, "__getattr__", convert_once),
        replaced(EventManager, "fire_event", fire_heard),
    ):
        yield


@contextlib.contextmanager
def quick_namespaces() -> Iterator[None]:
    """Make the macros of a node's context without a function call for each of them.

    dbt makes two contexts for each node, each with an object for each of 670 macros.
    """
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
    from dbt.include.global_project import PROJECT_NAME

    class FlatNamespace(MacroNamespace):  # type: ignore[misc]
        """Namespace that knows the macro behind each name. Names are found in the same order as in dbt's own."""

        def __init__(self, **parts: Any) -> None:
            super().__init__(**parts)
            internal = self.global_project_namespace
            names = {**internal, PROJECT_NAME: internal, **self.packages, **self.global_namespace}
            self._found = {**names, **self.local_namespace}

        def __getitem__(self, key: str) -> Any:
            return self._found[key]

        def __iter__(self) -> Iterator[str]:
            return iter(self._found)

        def __len__(self) -> int:
            return len(self._found)

    def generator(builder: Any, macro: Any, context: dict[str, Any]) -> Any:
        made = MacroGenerator.__new__(MacroGenerator)
        made.__dict__ = {"macro": macro, "context": context, "node": builder.node, "stack": builder.thread_ctx}
        return made

    def build(builder: Any, macros_by_package: Mapping[str, Mapping[str, Any]], context: dict[str, Any]) -> Any:
        packages = {
            package: {name: generator(builder, macro, context) for name, macro in macros.items()}
            for package, macros in macros_by_package.items()
        }
        internal: dict[str, Any] = {}
        for package in reversed(builder.internal_package_names_order):
            internal.update(packages.get(package, {}))
        others = {name: found for name, found in packages.items() if name not in builder.internal_package_names}
        local = others.get(builder.search_package, {})
        root = others.get(builder.root_package, {}) if builder.root_package != builder.search_package else {}
        return FlatNamespace(
            global_namespace=root, local_namespace=local, global_project_namespace=internal, packages=others
        )

    with replaced(MacroNamespaceBuilder, "build_namespace", build):
        yield


@contextlib.contextmanager
def templates_compiled_once() -> Iterator[None]:
    """Keep the code of each template for later commands of this process. dbt compiles those of all nodes every time."""
    from dbt_common.clients.jinja import MacroFuzzEnvironment

    compile_anew = MacroFuzzEnvironment.compile

    def compile_once(self: Any, source: Any, *args: Any, **more: Any) -> Any:
        if args or more or not isinstance(source, str):
            return compile_anew(self, source, *args, **more)
        key = (type(self), source)
        if key not in _compiled:
            _compiled[key] = compile_anew(self, source)
        return _compiled[key]

    with replaced(MacroFuzzEnvironment, "compile", compile_once):
        yield


def compile_templates(manifest: Any) -> None:
    """Compile the templates of all models, tests and macros of a parsed project for later commands of this process."""
    from dbt_common.clients.jinja import get_environment

    environment = get_environment()
    with templates_compiled_once():
        for node in (*manifest.nodes.values(), *manifest.macros.values()):
            source = getattr(node, "raw_code", None) or getattr(node, "macro_sql", "")
            if getattr(node, "language", "sql") == "sql" and node.resource_type != "seed":
                environment.compile(source)


@contextlib.contextmanager
def plain_results() -> Iterator[None]:
    """Share the empty table of results that are not fetched, and the types that dbt tries on the values of others.

    agate prepares the parsing of dates in words for each table, though these types never use it.
    """
    from dbt_common.clients import agate_helper

    empty = agate_helper.empty_table()
    prepare = functools.lru_cache(maxsize=256)(agate_helper.build_type_tester)

    def type_tester(text_columns: Iterable[str], string_null_values: Iterable[str] = ("null", "")) -> Any:
        return prepare(frozenset(text_columns), tuple(string_null_values))

    with (
        replaced(agate_helper, "empty_table", lambda: empty),
        replaced(agate_helper, "build_type_tester", type_tester),
    ):
        yield


SHORTCUTS = (leading_words_only, no_debug_events, quick_namespaces, templates_compiled_once, plain_results)


@contextlib.contextmanager
def replaced(owner: type | ModuleType, name: str, value: object) -> Iterator[None]:
    """Replace an attribute of a class, which may be inherited, or of a module, until the end of the context."""
    own = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)
