"""Clock policy of a home: `now`, or `data` for samples and history.

The first run sets it. Schedule, sensor and every run without `--as-of` keep it, and only `--as-of now` and
`--as-of data` change it. An instant holds for one run. The rows of `raw.clock_policies` are append-only; the last one
is in force. The clock of a single build belongs to `clock`.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from orderhouse.settings import Settings
from orderhouse.storage.build_record import CLOCK_POLICIES, BuildRecord, load_record
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform.clock import read_clock

__all__ = ["ClockChoice", "policy_of", "settle_clock"]

UNSET = "now"


@dataclass(frozen=True)
class ClockChoice:
    """Clock of one run.

    Attributes:
        as_of: `now`, `data` or an instant.
        note: Sentence for a person, if the policy was set or changed, or if the run departs from it.
    """

    as_of: str
    note: str | None = None


def settle_clock(settings: Settings, asked: str | None) -> ClockChoice:
    """Return the clock of a run, and record the policy if this run sets or changes it. The caller holds the run lock.

    A home without a recorded policy, as an earlier release left it, keeps the clock of its last build.

    Args:
        settings: Settings of the home.
        asked: `now`, `data` or an ISO-8601 instant with an offset; None for the policy of the home.

    Raises:
        OrderhouseError: `asked` is none of these.
    """
    mode = read_clock(asked).mode if asked is not None else None
    if not settings.raw_db.exists():
        return ClockChoice(asked.strip() if asked else UNSET)
    with contextlib.closing(open_raw(settings)) as raw:
        recorded = policy_of(raw)
        present = recorded or _of_last_build(load_record(settings))
        if mode == "instant":
            if present is not None and recorded is None:
                _record(raw, present, "taken from the last build")
            later = present or UNSET
            note = f"The clock {asked} holds for this run only. Later runs use `{later}`, {CLOCK_POLICIES[later]}."
            return ClockChoice(str(asked).strip(), note)
        chosen = mode or present or UNSET
        if chosen == recorded:
            return ClockChoice(chosen)
        if chosen == present:
            _record(raw, chosen, "taken from the last build")
            return ClockChoice(chosen)
        _record(raw, chosen, "changed by `--as-of`" if present else "set by the first run")
    return ClockChoice(chosen, _changed(present, chosen) if present else _first(chosen))


def policy_of(raw: duckdb.DuckDBPyConnection) -> str | None:
    """Return the recorded policy; None if there is none, as in a home of an earlier release."""
    try:
        row = raw.execute("select policy from raw.clock_policies order by since desc, batch_id desc limit 1").fetchone()
    except duckdb.CatalogException:
        return None
    return str(row[0]) if row else None


def _first(chosen: str) -> str:
    other = "data" if chosen == "now" else "now"
    return (
        f"The clock of this home is `{chosen}`, {CLOCK_POLICIES[chosen]}; schedule, sensor and later runs keep it. "
        f"`--as-of {other}` changes it."
    )


def _changed(before: str, chosen: str) -> str:
    return (
        f"The clock of this home was `{before}` and is now `{chosen}`, {CLOCK_POLICIES[chosen]}; schedule, sensor and "
        f"later runs keep it. `--as-of {before}` changes it back."
    )


def _of_last_build(record: BuildRecord | None) -> str | None:
    return record.as_of_mode if record is not None and record.as_of_mode in CLOCK_POLICIES else None


def _record(raw: duckdb.DuckDBPyConnection, policy: str, reason: str) -> None:
    raw.execute(
        """
        insert into raw.clock_policies by name
        select $policy as policy, $since as since, $reason as reason,
            (select coalesce(max(batch_id), 0) from raw.batches) as batch_id
        """,
        {"policy": policy, "since": datetime.now(UTC).replace(tzinfo=None), "reason": reason},
    )
