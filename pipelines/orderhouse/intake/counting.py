"""Counts of the intake: the number of deliveries by source and outcome, without bodies, names or secrets."""

from __future__ import annotations

from collections import Counter

__all__ = ["Counts"]


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
