"""The quarantine as it stands: every row with its latest decision and the outcome of its replays.

Reads the views of `storage.raw_views`, which define the states; writes nothing. `decisions` and `records` write
decisions, `replay` and `reread` carry them out.
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
    """Which rows are meant; None means any.

    Attributes:
        rule: A broken rule, such as ``currency|iso_4217``.
        states: Of these states.
        quarantine_ids: These, each by its first characters.
    """

    feed: str | None = None
    source: str | None = None
    rule: str | None = None
    states: Sequence[str] | None = None
    quarantine_ids: Sequence[str] | None = None
    limit: int | None = None


def quarantined(connection: duckdb.DuckDBPyConnection, wanted: Selection) -> list[Row]:
    """Rows of the quarantine, the latest first.

    Args:
        connection: The raw database.
        wanted: Which of them.

    Raises:
        OrderhouseError: A state that there is not.
    """
    for state in wanted.states or ():
        if state not in STATES:
            raise OrderhouseError(f"{state!r} is no state of a row in quarantine; choose one of {', '.join(STATES)}.")
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
    """The answer to a query, a dictionary for each row."""
    found = connection.execute(query, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
