"""Counts and log of the intake: the number of deliveries by source and outcome, without bodies, names or secrets."""

from __future__ import annotations

import logging
from collections import Counter
from logging.handlers import RotatingFileHandler

from orderhouse.settings import Settings

__all__ = ["Counts", "open_log"]

LOG_BYTES = 1 << 20
LOGS_KEPT = 5


class Counts:
    """Number of deliveries by source and outcome since the server began."""

    def __init__(self) -> None:
        self.total: Counter[tuple[str, str]] = Counter()
        self._logged: Counter[tuple[str, str]] = Counter()

    def add(self, source: str, outcome: str) -> None:
        """Count one delivery."""
        self.total[source, outcome] += 1

    def by_source(self) -> dict[str, dict[str, int]]:
        """Return the numbers by source and outcome."""
        found: dict[str, dict[str, int]] = {}
        for (source, outcome), number in sorted(self.total.items()):
            found.setdefault(source, {})[outcome] = number
        return found

    def new_lines(self) -> list[str]:
        """Return one line per source with deliveries since the last call."""
        fresh = self.total - self._logged
        self._logged = Counter(self.total)
        lines: dict[str, list[str]] = {}
        for (source, outcome), number in sorted(fresh.items()):
            lines.setdefault(source, []).append(f"{outcome}={number}")
        return [f"{source} {' '.join(parts)}" for source, parts in lines.items()]


def open_log(settings: Settings) -> logging.Logger:
    """Open the log of the intake, ``logs/intake.log`` under the home: five older files of 1 MB are kept."""
    settings.logs.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        settings.logs / "intake.log", maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("orderhouse.intake")
    log.setLevel(logging.INFO)
    log.propagate = False
    for old in list(log.handlers):
        log.removeHandler(old)
        old.close()
    log.addHandler(handler)
    return log
