"""Record of the rules: why the last run of them ended with an error, in ``operations/rules.json`` under the home."""

from __future__ import annotations

import contextlib
import json

from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically

__all__ = ["load_problem", "record_problem"]


def record_problem(settings: Settings, problem: str | None) -> None:
    """Record the error of the last run of the rules; None if it had none. A full disk stops nothing."""
    path = settings.operations / "rules.json"
    with contextlib.suppress(OSError):
        if problem is not None:
            settings.operations.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(path, json.dumps({"problem": problem}))
        else:
            path.unlink(missing_ok=True)


def load_problem(settings: Settings) -> str | None:
    """Return the error of the last run of the rules, if it had one."""
    try:
        return str(json.loads((settings.operations / "rules.json").read_text(encoding="utf-8"))["problem"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
