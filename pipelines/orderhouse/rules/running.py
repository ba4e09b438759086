"""One run of the rules over the published version: what was left is finished, then each rule fires in its order."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.messages.configuration import Configuration, load_configuration
from orderhouse.messages.releases import epoch_of, gate_of
from orderhouse.operations.store import Store, open_store
from orderhouse.rules.approvals import waiting_approvals
from orderhouse.rules.contradictions import contradictions
from orderhouse.rules.firings import (
    Firing,
    end_firings,
    firing_id_of,
    keys_of,
    occupied_subjects,
    store_firings,
    text_of,
    unfinished,
)
from orderhouse.rules.matching import Match, matches_of, new_matches
from orderhouse.rules.rule import Rule
from orderhouse.rules.rules_file import load_rules, path_in_force
from orderhouse.rules.steps import stored_rule, take_steps
from orderhouse.rules.stops import clear_stop, may_fire
from orderhouse.rules.telling import check_texts
from orderhouse.rules.texts import shown
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.storage.file_locks import locked
from orderhouse.storage.warehouse import open_raw

__all__ = ["Preview", "RulesRun", "preview_rules", "run_rules"]

FIELDS = ("_subject", "_order", "_line", "_amount", "_state", "_day", "_occasion")


@dataclass
class RulesRun:
    """Result of a run.

    Attributes:
        fired: Firings by rule.
        asking: Firings that a rule would have made, by rule that asks because they are more than its limit.
        quiet: Rules that did not fire because of their quiet hours.
        waiting: Firings that wait for an approval, those of earlier runs too.
        paused: Why no rule fires although some are switched on; empty if they fire.
    """

    fired: dict[str, int] = field(default_factory=dict)
    asking: dict[str, int] = field(default_factory=dict)
    quiet: list[str] = field(default_factory=list)
    waiting: int = 0
    paused: str = ""


@dataclass(frozen=True)
class Preview:
    """Rows that a rule matches now.

    Attributes:
        match: Rule and rows.
        new: The rows for which it would fire.
    """

    match: Match
    new: pl.DataFrame


def preview_rules(settings: Settings, rules: Sequence[Rule], path: Path | None = None) -> list[Preview]:
    """Return what rules match now, and for which rows they would fire. Nothing is stored and nothing is done.

    Args:
        settings: Settings of the home.
        rules: The rules, in their order; those that are switched off too.
        path: File of the rules, for messages.

    Raises:
        OrderhouseError: A rule does not fit the tables, or nothing is published.
    """
    store, file = open_store(settings), path or path_in_force(settings)
    check_texts(rules, load_configuration(settings), file)
    with contextlib.closing(open_reader(settings)) as published:
        matches = matches_of(rules, published, file)
    return [Preview(each, _new(store, each)) for each in matches]


def run_rules(settings: Settings, *, now: datetime | None = None) -> RulesRun:
    """Finish what an earlier run left, and let the rules fire over the current published version.

    Two runs do not overlap. A killed run is finished by the next one: its firings are stored before anything is done.

    Args:
        settings: Settings of the home.
        now: The present instant.

    Raises:
        OrderhouseError: A rule has a mistake, rules contradict each other, or nothing is published. Nothing fires then.
    """
    now = now or datetime.now(UTC)
    rules, path = load_rules(settings), path_in_force(settings)
    if wrong := contradictions(rules):
        raise OrderhouseError(
            f"{path}: {'; '.join(wrong)}. Change one of them, or let their conditions exclude each other."
        )
    enabled = [rule for rule in rules if rule.is_enabled]
    store, configuration = open_store(settings), load_configuration(settings)
    check_texts(enabled, configuration, path)
    result = RulesRun()
    settings.operations.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(settings.operations / "rules.lock"):
        result.paused = _pause(settings, store) if enabled else ""
        if enabled and not result.paused:
            _finish(settings, store, configuration, now)
            with contextlib.closing(open_reader(settings)) as published:
                ((zone,),) = published.execute("select business_time_zone from marts.as_of").fetchall()
                matches = matches_of(enabled, published, path)
            hour = now.astimezone(ZoneInfo(zone)).time()
            for match in matches:
                _mark_over(store, match)
                if match.rule.quiet_hours is not None and match.rule.quiet_hours.holds(hour):
                    result.quiet.append(match.rule.name)
                else:
                    _fire(store, match, zone, now, result)
            _finish(settings, store, configuration, now)
    result.waiting = len(waiting_approvals(settings))
    return result


def _pause(settings: Settings, store: Store) -> str:
    """Return why rules may not fire: after a restore, or with another store, they would do things a second time."""
    with contextlib.ExitStack() as opened:
        raw = None
        if settings.raw_db.exists():
            raw = opened.enter_context(contextlib.closing(open_raw(settings, read_only=True)))
        gate = gate_of(settings, store, epoch_of(raw))
    return gate.reason


def _new(store: Store, match: Match) -> pl.DataFrame:
    rule = match.rule.name
    return new_matches(match, keys_of(store, rule), occupied_subjects(store, rule))


def _fire(store: Store, match: Match, zone: str, now: datetime, result: RulesRun) -> None:
    """Store the new firings of one rule, unless there are more than it may make."""
    rule = match.rule
    rows = _new(store, match)
    if not may_fire(store, rule, rows.height, now):
        result.asking[rule.name] = rows.height
        rows = rows.clear()
    firings = [_firing(rule, row, zone, now) for row in rows.iter_rows(named=True)]
    if firings:
        store_firings(store, rule, firings)
        clear_stop(store, rule.name)
        result.fired[rule.name] = len(firings)
        checkpoint("rule_fired")


def _mark_over(store: Store, match: Match) -> None:
    """Mark the firings whose row does not meet the condition any more, also in quiet hours and while a rule asks."""
    still = set(match.rows["_subject"].to_list())
    over = [subject for subject in occupied_subjects(store, match.rule.name) if subject not in still]
    if over:
        end_firings(store, match.rule.name, over)


def _firing(rule: Rule, row: dict[str, object], zone: str, now: datetime) -> Firing:
    subject, occasion = str(row["_subject"]), str(row["_occasion"])
    return Firing(
        firing_id=firing_id_of(rule.name, subject, occasion),
        rule=rule.name,
        rule_version=rule.version,
        table_name=rule.table,
        subject_id=subject,
        occasion=occasion,
        order_id=_optional(row["_order"]),
        line_id=_optional(row["_line"]),
        amount=_optional(row["_amount"]),
        business_date=str(row["_day"]),
        fields={name: shown(value, zone) for name, value in row.items() if name not in FIELDS},
        fired_at=text_of(now),
    )


def _optional(value: object) -> str | None:
    return None if value is None else str(value)


def _finish(settings: Settings, store: Store, configuration: Configuration, now: datetime) -> None:
    """Take the steps that are left of all firings."""

    def run_and_step(firing: Firing) -> tuple[str, str, str, int]:
        return firing.fired_at, firing.rule, firing.rule_version, firing.step

    for (_, rule, version, _), group in groupby(sorted(unfinished(store), key=run_and_step), key=run_and_step):
        take_steps(settings, store, configuration, stored_rule(store, rule, version), list(group), now)
