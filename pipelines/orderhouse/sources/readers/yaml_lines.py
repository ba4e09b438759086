"""YAML that people write: scalars stay text, and the line of every value is known.

The meaning of the keys belongs in `config`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from orderhouse.errors import OrderhouseError

__all__ = ["Keys", "line_of", "read_yaml"]

Keys = tuple[str | int, ...]

# A comment in a line that has something before it.
COMMENT = re.compile(r"\S\s+#")
DEEPEST = 20
MOST = 100_000


def read_yaml(
    path: Path, kind: str = "sources file", first: str = "sources:", named_by: str = "--sources"
) -> tuple[dict[str, Any], dict[Keys, int]]:
    """Return the document, and the line on which each value begins, by the keys that lead to it.

    Args:
        path: The file.
        kind: Name of such files in messages.
        first: Example of the first line of such a file.
        named_by: Option or setting that names the file.

    Raises:
        OrderhouseError: The file is missing, unreadable, not YAML or not a mapping, or has a key twice.
    """
    text = _text_of(path, kind, named_by)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError:
        raise OrderhouseError(f"{path}: the file is nested too deeply. Remove some levels.") from None
    except yaml.MarkedYAMLError as error:
        line, problem = _in_plain_words(error)
        written = text.splitlines()[line - 1 : line]
        if any(COMMENT.search(each) for each in written):
            problem += "; a # after a space begins a comment, so quote a name or text that has one"
        raise OrderhouseError(f"{path}:{line}: this is not valid YAML: {problem}.") from None
    except yaml.YAMLError as error:
        raise OrderhouseError(f"{path}: this is not valid YAML: {error}.") from None
    if not isinstance(root, yaml.MappingNode):
        raise OrderhouseError(f"{path}:1: a {kind} starts with `{first}`.")
    lines: dict[Keys, int] = {}
    return _plain(root, (), lines, path), lines


def _in_plain_words(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    """Return the line and the clause by which a person finds a mistake of YAML's syntax."""
    line = (error.problem_mark.line if error.problem_mark else 0) + 1
    start = (error.context_mark.line if error.context_mark else line - 1) + 1
    context, problem = error.context or "", error.problem or ""
    for kind, opening, closing in (("flow sequence", "[", "]"), ("flow mapping", "{", "}")):
        if kind in context:
            return start, f"the bracket {opening} is not closed; write {closing} at its end, and commas between values"
    if "flow node" in context:
        return line, "a bracket [ or { is not closed, or a value is missing in it"
    if "quoted scalar" in context:
        return start, "a quotation mark is not closed"
    if "cannot start any token" in problem:
        return line, f"a value cannot begin with {problem.split()[2]}; indent with spaces, and quote the value"
    if "mapping values are not allowed" in problem:
        return line, "there is a colon too many, or the line is indented wrongly; quote a value that has a colon"
    if "could not find expected ':'" in problem:
        return start, "a key has no colon after it"
    if "expected <block end>" in problem:
        found = problem.split("but found ")[-1].strip("'")
        if found in {"]", "}", ","}:
            return line, f"there is a {found} without an opening bracket"
        return line, "the line is indented differently from its neighbours"
    return line, problem


def _text_of(path: Path, kind: str, named_by: str) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise OrderhouseError(f"There is no {kind} {path}. Write one, or name it with `{named_by}`.") from None
    except OSError as error:
        raise OrderhouseError(f"{path} cannot be read as a {kind}: {error.strerror}.") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise OrderhouseError(f"{path}:{line}: this is not UTF-8. Save the file as UTF-8.") from None


def _plain(node: yaml.Node, keys: Keys, lines: dict[Keys, int], path: Path) -> Any:
    """Return a node as dicts, lists and texts; empty scalars are None.

    Scalars stay text, so that the country NO is not false.
    """
    # Anchors can make a small file expand without end, so depth and number of values are limited.
    line = lines.setdefault(keys, node.start_mark.line + 1)
    if len(keys) > DEEPEST or len(lines) > MOST:
        raise OrderhouseError(
            f"{path}:{line}: the file is nested too deeply, or its anchors (&) repeat too many values."
        )
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, keys, lines, path))
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*keys, position), lines, path) for position, item in enumerate(node.value)]
    is_null = node.tag == "tag:yaml.org,2002:null"
    return None if is_null else node.value


def _pairs(node: yaml.MappingNode, keys: Keys, lines: dict[Keys, int], path: Path) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise OrderhouseError(f"{path}:{line}: a key must be one text.")
        key = str(key_node.value)
        if key in seen:
            raise OrderhouseError(f"{path}:{line}: {key!r} is written twice. Remove one of them.")
        seen.add(key)
        lines[(*keys, key)] = line
        value = _plain(value_node, (*keys, key), lines, path)
        if value is not None:
            yield key, value


def line_of(keys: Keys, lines: dict[Keys, int]) -> int:
    """Return the line of a value, or of the nearest key that contains it."""
    while keys and keys not in lines:
        keys = keys[:-1]
    return lines.get(keys, 1)
