"""Files of actions that landed in the home: their names, before and after their rows are stored.

A file lands as `….ndjson` and stays so until a run has stored its rows. Then a receipt `….loaded` takes its place: the
same records without personal texts, and before them the content hash of the file. Landing belongs to
`orderhouse.actions`, the writing of receipts to `orderhouse.erasure`.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["LANDED", "LOADED", "LOCK", "landed_names", "landed_text"]

LANDED = ".ndjson"
LOADED = ".loaded"
# Held by whoever judges, lands or replaces a file of the folder.
LOCK = "landing.lock"


def landed_names(folder: Path) -> list[str]:
    """Return the names under which all files landed, in the order in which they landed."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as found:
        paths = [Path(each.name) for each in found if not each.name.startswith(".")]
    return sorted({path.with_suffix(LANDED).name for path in paths if path.suffix in (LANDED, LOADED)})


def landed_text(path: Path) -> str:
    """Return the text of a landed file, or of the receipt that took its place.

    Raises:
        OSError: Neither can be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return path.with_suffix(LOADED).read_text(encoding="utf-8")
