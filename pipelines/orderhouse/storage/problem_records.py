"""Records of files that cannot be used: why the last round of the rules or schedules ended with an error.

Each is a small file, such as ``operations/rules.json`` under the home, which can be read also if the operations store
cannot.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Literal

from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically

__all__ = ["load_problem", "record_problem"]

Part = Literal["rules", "schedules"]


def record_problem(settings: Settings, part: Part, problem: str | None) -> None:
    """Record the error of the last round of a part; None if it had none. A full disk stops nothing."""
    path = _path(settings, part)
    with contextlib.suppress(OSError):
        if problem is not None:
            settings.operations.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(path, json.dumps({"problem": problem}))
        else:
            path.unlink(missing_ok=True)


def load_problem(settings: Settings, part: Part) -> str | None:
    """Return the error of the last round of a part, if it had one."""
    try:
        return str(json.loads(_path(settings, part).read_text(encoding="utf-8"))["problem"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _path(settings: Settings, part: Part) -> Path:
    return settings.operations / f"{part}.json"
