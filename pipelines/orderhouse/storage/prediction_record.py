"""Record of failed predictors: why each failed last, in ``runs/predictions.json`` under the home."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping

from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically

__all__ = ["failed_predictors", "record_predictors"]


def record_predictors(settings: Settings, outcomes: Mapping[str, str | None]) -> None:
    """Record the outcome of predictors that ran: a sentence of what failed, or None. A full disk stops nothing."""
    changed = {**failed_predictors(settings), **outcomes}
    failures = {name: sentence for name, sentence in changed.items() if sentence}
    path = settings.runs / "predictions.json"
    with contextlib.suppress(OSError):
        if failures:
            write_atomically(path, json.dumps(failures, indent=1, sort_keys=True))
        else:
            path.unlink(missing_ok=True)


def failed_predictors(settings: Settings) -> dict[str, str]:
    """Return the sentence of each predictor whose last run failed, by name."""
    try:
        stored = json.loads((settings.runs / "predictions.json").read_text(encoding="utf-8"))
        return {str(name): str(sentence) for name, sentence in stored.items()}
    except (OSError, ValueError, AttributeError):
        return {}
