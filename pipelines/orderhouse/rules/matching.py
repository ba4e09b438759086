"""Rows of the published version that meet the conditions of rules, and what is new among them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from orderhouse.rules.compiling import compile_rule
from orderhouse.rules.rule import Rule

__all__ = ["Match", "matches_of", "new_matches"]

OCCASIONS = {"subject": pl.lit(""), "subject and day": pl.col("_day"), "subject and state": pl.col("_state")}


@dataclass(frozen=True)
class Match:
    """Rows that meet the condition of a rule.

    Attributes:
        rule: The rule.
        rows: One row per subject: _subject, _order, _line, _amount, _state, _day, _occasion and the fields of the rule.
    """

    rule: Rule
    rows: pl.DataFrame

    def without(self, subjects: Collection[str]) -> Match:
        """Return the match without some subjects."""
        if not subjects:
            return self
        return Match(self.rule, self.rows.filter(~pl.col("_subject").is_in(list(subjects))))


def matches_of(rules: Sequence[Rule], published: duckdb.DuckDBPyConnection, path: Path) -> list[Match]:
    """Return the rows that meet the condition of each rule, in the order of the rules.

    What a rule with `stop` matches is left alone by the later rules of its table.

    Args:
        rules: Rules in their order.
        published: Open published version.
        path: File of the rules, for messages.

    Raises:
        OrderhouseError: A rule names a field that there is not, or a value of another type.
    """
    taken: dict[str, set[str]] = {}
    found = []
    for rule in rules:
        compiled = compile_rule(rule, published, path)
        rows = published.sql(compiled.sql, params=compiled.parameters).pl()
        match = Match(rule, rows.with_columns(OCCASIONS[rule.once_per].alias("_occasion")))
        match = match.without(taken.get(rule.table, ()))
        if rule.stops:
            taken.setdefault(rule.table, set()).update(match.rows["_subject"].to_list())
        found.append(match)
    return found


def new_matches(match: Match, known: Sequence[tuple[str, str]], occupied: Sequence[str]) -> pl.DataFrame:
    """Return the rows for which a rule has not fired on this occasion.

    A rule that acts does not fire again for a row that has met its condition ever since it fired: what it does to the
    row may be a new state of the row.

    Args:
        match: What the rule matches.
        known: Subject and occasion of its firings.
        occupied: Subjects that have met the condition since a firing.
    """
    fired = pl.DataFrame(list(known), schema={"_subject": pl.String, "_occasion": pl.String}, orient="row")
    rows = match.rows.join(fired, on=["_subject", "_occasion"], how="anti")
    if match.rule.actions:
        still = pl.DataFrame({"_subject": list(occupied)}, schema={"_subject": pl.String})
        rows = rows.join(still, on="_subject", how="anti")
    return rows
