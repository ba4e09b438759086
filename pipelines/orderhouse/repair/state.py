"""Current state of quarantined rows, each with its latest decision and the outcome of its replays.

This module reads the views of `storage.raw_views`, which define the states, and writes nothing. `decisions` and
`records` record decisions, `replay` and `reread` apply them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError

__all__ = ["STATES", "Row", "Selection", "quarantined", "rows_of"]

Row = dict[str, Any]

STATES = ("open", "patched", "patch_failed", "repaired", "discarded", "superseded")


@dataclass(frozen=True)
class Selection:
    """Selection of quarantined rows; None means any.

    Attributes:
        feed: Feed of the rows.
        source: Source of the rows.
        rule: A broken rule, such as ``currency|iso_4217``.
        states: States of the rows.
        quarantine_ids: First characters of their ids.
        limit: Greatest number of rows.
    """

    feed: str | None = None
    source: str | None = None
    rule: str | None = None
    states: Sequence[str] | None = None
    quarantine_ids: Sequence[str] | None = None
    limit: int | None = None


def quarantined(connection: duckdb.DuckDBPyConnection, wanted: Selection) -> list[Row]:
    """Return quarantined rows with their state, the latest first.

    Args:
        connection: The raw database.
        wanted: The selection.

    Raises:
        OrderhouseError: A state of the selection does not exist.
    """
    for state in wanted.states or ():
        if state not in STATES:
            raise OrderhouseError(f"{state!r} is not a state of quarantined rows. Choose one of {', '.join(STATES)}.")
    return rows_of(
        connection,
        """
        select * from raw.quarantine_states
        where ($feed is null or feed = $feed) and ($source is null or source = $source)
            and ($rule is null or list_contains(from_json(rules, '["varchar"]'), $rule))
            and ($states is null or list_contains($states, state))
            and ($ids is null or len(list_filter($ids::varchar[], lambda each: starts_with(quarantine_id, each))) > 0)
        order by received_at desc, path, record, quarantine_id
        limit $limit
        """,
        {
            "feed": wanted.feed,
            "source": wanted.source,
            "rule": wanted.rule,
            "states": list(wanted.states) if wanted.states is not None else None,
            "ids": list(wanted.quarantine_ids) if wanted.quarantine_ids is not None else None,
            "limit": wanted.limit if wanted.limit is not None else 2**62,
        },
    )


def rows_of(connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, object]) -> list[Row]:
    """Return the result of a query as one dictionary per row."""
    found = connection.execute(query, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
