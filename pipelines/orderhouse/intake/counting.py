"""What the intake says of its work: how many of what became of them, per source. Never bodies, names or secrets."""

from __future__ import annotations

import logging
from collections import Counter
from logging.handlers import RotatingFileHandler

from orderhouse.settings import Settings

__all__ = ["Counts", "open_log"]

LOG_BYTES = 1 << 20
LOGS_KEPT = 5


class Counts:
    """Outcomes per source since the server began."""

    def __init__(self) -> None:
        self.total: Counter[tuple[str, str]] = Counter()
        self._said: Counter[tuple[str, str]] = Counter()

    def add(self, source: str, outcome: str) -> None:
        """One more."""
        self.total[source, outcome] += 1

    def by_source(self) -> dict[str, dict[str, int]]:
        """Source to outcome to number."""
        found: dict[str, dict[str, int]] = {}
        for (source, outcome), number in sorted(self.total.items()):
            found.setdefault(source, {})[outcome] = number
        return found

    def news(self) -> list[str]:
        """A line per source that has had any since this was last asked."""
        fresh = self.total - self._said
        self._said = Counter(self.total)
        lines: dict[str, list[str]] = {}
        for (source, outcome), number in sorted(fresh.items()):
            lines.setdefault(source, []).append(f"{outcome}={number}")
        return [f"{source} {' '.join(parts)}" for source, parts in lines.items()]


def open_log(settings: Settings) -> logging.Logger:
    """The intake's log, ``logs/intake.log`` under the home, kept small."""
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
