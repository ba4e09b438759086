"""Lines of one entry in a YAML file that people write too: they are replaced, and all other lines stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

__all__ = ["entry_lines", "entry_names", "with_block", "with_value"]


def with_block(text: str, section: str, name: str, block: str, *, gap: str = "\n") -> str:
    """Return the text of a file with the lines of one entry replaced; a new entry stands behind the others.

    Args:
        text: Text that was read without a mistake.
        section: Key of the entries, such as `rules`.
        name: Name of the entry.
        block: Its new lines; empty to remove it.
        gap: What stands between the others and a new entry.
    """
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    key, entries = _section(text, section)
    known = dict(_entries(entries))
    if name in known:
        begin, end = known[name]
        return "".join([*lines[:begin], block, *lines[end:]])
    if not known:  # a section without entries, or with empty braces
        begin = key.start_mark.line
        return "".join([*lines[:begin], f"{section}:\n", block, *lines[begin + 1 :]])
    end = max(end for _, end in known.values())
    return "".join([*lines[:end], gap if block else "", block, *lines[end:]])


def with_value(text: str, section: str, name: str, value: str | None) -> str:
    """Return the text of a file with the value of one entry replaced, or the entry removed.

    A section in braces becomes one with a line for each entry. A file without the section gets one at its end, and one
    without entries has none.

    Args:
        text: Text that was read without a mistake.
        section: Key of the entries, such as `people`.
        name: Name of the entry.
        value: Its value, a text of one line; None to remove the entry.
    """
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None or section not in [key.value for key, _ in root.value]:
        text = f"{text.rstrip()}\n\n{section}: {{}}\n" if text.strip() else f"{section}: {{}}\n"
    key, entries = _section(text, section)
    if isinstance(entries, yaml.MappingNode) and entries.flow_style and entries.value:
        text = _unfolded(text, key, entries)
        key, entries = _section(text, section)
    indent = " " * (entries.value[0][0].start_mark.column if entries.value else 2)
    changed = with_block(text, section, name, "" if value is None else f"{indent}{_line(name, value)}", gap="")
    key, entries = _section(changed, section)
    if isinstance(entries, yaml.MappingNode) and entries.value:
        return changed
    lines = changed.splitlines(keepends=True)
    return "".join([*lines[: key.start_mark.line], *lines[key.start_mark.line + 1 :]])


def _line(name: str, value: str) -> str:
    return str(yaml.safe_dump({name: value}, allow_unicode=True, width=10_000))


def _unfolded(text: str, key: yaml.Node, entries: yaml.MappingNode) -> str:
    """Return the text with a section in braces written line by line; what follows the braces stays beside the key."""
    lines = text.splitlines(keepends=True)
    begin, end = key.start_mark.line, entries.end_mark.line
    rest = lines[end][entries.end_mark.column :].strip()
    head = f"{lines[begin][: key.end_mark.column]}:{'  ' + rest if rest else ''}\n"
    block = [f"  {_line(name.value, value.value)}" for name, value in entries.value]
    return "".join([*lines[:begin], head, *block, *lines[end + 1 :]])


def entry_lines(name: str, body: Mapping[str, Any]) -> str:
    """Return the lines of an entry, with two spaces before each."""
    text = yaml.safe_dump({name.strip(): dict(body)}, sort_keys=False, allow_unicode=True, width=120)
    return "".join(f"  {line}\n" for line in text.splitlines())


def entry_names(text: str, section: str) -> list[str]:
    """Return the names of the entries of a section as the file writes them; none without the section."""
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    entries = next((value for key, value in root.value if key.value == section), None) if root else None
    return [name for name, _ in _entries(entries)] if entries else []


def _section(text: str, section: str) -> tuple[yaml.Node, yaml.Node]:
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)  # the text was read before
    return next((key, value) for key, value in root.value if key.value == section)


def _entries(entries: yaml.Node) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the name of each entry, with its first line and the line after its last one, counted from 0.

    Comments after it stay.
    """
    for key, value in entries.value if isinstance(entries, yaml.MappingNode) else ():
        yield key.value, (key.start_mark.line, _last_line(value) + 1)


def _last_line(node: yaml.Node) -> int:
    """Return the last line that a value stands on. The end that YAML states includes the comments after it."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return max(_last_line(value) for _, value in node.value)
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return max(_last_line(value) for value in node.value)
    return int(node.end_mark.line) if node.end_mark.column else int(node.end_mark.line) - 1
