"""Lines of one entry in a YAML file that people write too: they are replaced, and all other lines stay as they are."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["with_block"]


def with_block(text: str, section: str, name: str, block: str) -> str:
    """Return the text of a file with the lines of one entry replaced; a new entry is added at the end.

    Args:
        text: Text that was read without a mistake.
        section: Key of the entries, such as `rules`.
        name: Name of the entry.
        block: Its new lines; empty to remove it.
    """
    lines = text.splitlines(keepends=True)
    begin, end = _lines_of(text, section, name)
    if begin is None:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        return "".join(lines) + ("\n" if block else "") + block
    return "".join([*lines[:begin], block, *lines[end:]])


def _lines_of(text: str, section: str, name: str) -> tuple[int | None, int]:
    """Return the first line of an entry and the line after its last one, counted from 0; comments after it stay."""
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)  # the text was read before
    entries = next(value for key, value in root.value if key.value == section)
    for key, value in entries.value:
        if key.value == name:
            return key.start_mark.line, _last_line(value) + 1
    return None, 0


def _last_line(node: yaml.Node) -> int:
    """Return the last line that a value stands on. The end that YAML states includes the comments after it."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return max(_last_line(value) for _, value in node.value)
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return max(_last_line(value) for value in node.value)
    return int(node.end_mark.line) if node.end_mark.column else int(node.end_mark.line) - 1
