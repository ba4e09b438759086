"""Replay of rules over the past: what would have fired on each day, by the tables as they were known at its end.

Nothing is stored and nothing is done. Each day is built from the rows that had been received by then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from orderhouse.errors import OrderhouseError
from orderhouse.rules.matching import Match, matches_of, new_matches
from orderhouse.rules.rule import Rule
from orderhouse.rules.rules_file import path_in_force
from orderhouse.serve.known_at import known_version
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import open_raw

__all__ = ["ReplayedDay", "replay_rules"]

MOST_DAYS = 366


@dataclass(frozen=True)
class ReplayedDay:
    """Firings that one rule would have made on one day.

    Attributes:
        day: Business day.
        rule: The rule.
        matched: Number of rows that met the condition.
        rows: The rows for which it would have fired.
    """

    day: date
    rule: str
    matched: int
    rows: pl.DataFrame


def replay_rules(
    settings: Settings,
    rules: Sequence[Rule],
    first: date,
    last: date,
    *,
    every_days: int = 1,
    path: Path | None = None,
    on_day: Callable[[date], None] | None = None,
) -> Iterator[ReplayedDay]:
    """Yield what rules would have done, day by day. Days before the first receipt are left out.

    Args:
        settings: Settings of the home.
        rules: Rules in their order; those that are switched off too.
        first: First business day.
        last: Last business day.
        every_days: Days from one replayed day to the next.
        path: File of the rules, for messages.
        on_day: Called before each day is built.

    Raises:
        OrderhouseError: There are too many days, or none.
    """
    days = [first + timedelta(days=number) for number in range(0, (last - first).days + 1, every_days)]
    if not days or len(days) > MOST_DAYS:
        raise OrderhouseError(
            f"From {first} to {last} there are {len(days)} days to replay; 1 to {MOST_DAYS} are possible."
        )
    fired: dict[str, list[tuple[str, str]]] = {rule.name: [] for rule in rules}
    occupied: dict[str, set[str]] = {rule.name: set() for rule in rules}
    for day, end in _ends(settings, days):
        if on_day:
            on_day(day)
        for match in _matches(settings, rules, end, path or path_in_force(settings)):
            name = match.rule.name
            still = set(match.rows["_subject"].to_list())
            occupied[name] &= still
            rows = new_matches(match, fired[name], list(occupied[name]))
            fired[name] += list(rows.select("_subject", "_occasion").iter_rows())
            occupied[name] |= set(rows["_subject"].to_list())
            yield ReplayedDay(day, name, match.rows.height, rows)


def _matches(settings: Settings, rules: Sequence[Rule], end: datetime, path: Path) -> list[Match]:
    known = known_version(settings, end.isoformat(), as_of="now")
    with contextlib.closing(open_reader(settings, path=known.path)) as tables:
        return matches_of(rules, tables, path)


def _ends(settings: Settings, days: Sequence[date]) -> Iterator[tuple[date, datetime]]:
    """Yield the days that had ended and by whose end something had been received, with their ends."""
    with contextlib.closing(open_reader(settings)) as published:
        ((zone,),) = published.execute("select business_time_zone from marts.as_of").fetchall()
    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        ((first,),) = raw.execute("select min(started_at) from raw.batches").fetchall()
    for day in days:
        end = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone)) - timedelta(microseconds=1)
        if first.replace(tzinfo=UTC) <= end <= datetime.now(UTC):
            yield day, end
