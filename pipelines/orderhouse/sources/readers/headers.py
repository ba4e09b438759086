"""Column names of a file's header.

The mapping to our columns belongs in the format modules.
"""

from __future__ import annotations

from collections.abc import Sequence

from orderhouse.files.source_files import FileRejected
from orderhouse.sources.readers.records import RECORD

__all__ = ["column_names"]


def column_names(header: Sequence[str | None]) -> list[str]:
    """Return the names of a header, trimmed; a column without a name is named by its position.

    Raises:
        FileRejected: Two columns have the same name.
    """
    trimmed = [(name or "").strip() for name in header]
    names = [f"column_{position}" if name in {"", RECORD} else name for position, name in enumerate(trimmed, 1)]
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name in places:  # The name is not shown: in a file without header it may be personal.
            raise FileRejected(f"The columns {places[name]} and {place} have the same name.")
        places[name] = place
    return names
