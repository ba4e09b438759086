"""Lines of one entry in a YAML file that people write too: they are replaced, and all other lines stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

__all__ = ["entry_lines", "with_block"]


def with_block(text: str, section: str, name: str, block: str) -> str:
    """Return the text of a file with the lines of one entry replaced; a new entry stands behind the others.

    Args:
        text: Text that was read without a mistake.
        section: Key of the entries, such as `rules`.
        name: Name of the entry.
        block: Its new lines; empty to remove it.
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
    return "".join([*lines[:end], "\n" if block else "", block, *lines[end:]])


def entry_lines(name: str, body: Mapping[str, Any]) -> str:
    """Return the lines of an entry, with two spaces before each."""
    text = yaml.safe_dump({name.strip(): dict(body)}, sort_keys=False, allow_unicode=True, width=120)
    return "".join(f"  {line}\n" for line in text.splitlines())


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
