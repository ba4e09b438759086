"""States of schedules: since when each is due, and one row for each due time with what became of it.

The key of a run is the schedule and its due instant. A run that was killed stays `due` or `made`, and is finished by
the next round. What is `made` is not made again: only its hand-over is repeated, under the same keys.
"""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from orderhouse.messages.instants import instant_of, stored
from orderhouse.operations.store import Store
from orderhouse.operations.tables import SCHEDULE_RUNS, SCHEDULES

__all__ = [
    "ENDED", "Run", "add_run", "begin", "end", "last_runs", "list_runs", "note_made", "note_schedules", "run_id_of",
    "seen_last", "unfinished",
]  # fmt: skip

NAMESPACE = uuid.UUID("5d0f1c7e-0d43-4b7a-9a52-6f3b1f0c2e84")
OPEN = ("due", "made")
# `done`; `empty` if there was nothing to tell; `failed`; `dropped` if the schedule was removed meanwhile, or withheld.
ENDED = ("done", "empty", "failed", "dropped")
RUNS = SCHEDULE_RUNS.c


@dataclass(frozen=True)
class Run:
    """One due time of a schedule; instants are UTC.

    Attributes:
        run_id: UUIDv5 of schedule and due instant.
        schedule: Name of the schedule.
        due_at: The due instant.
        state: `due`, `made`, or one of `ENDED`.
        sentence: What became of it, in words.
        version: Published version that it was made of.
        made: What was made, as it is handed over.
        ended_at: When it ended.
    """

    run_id: str
    schedule: str
    due_at: datetime
    state: str
    sentence: str | None
    version: int | None
    made: dict[str, Any] | None
    ended_at: datetime | None


def run_id_of(schedule: str, due_at: datetime) -> str:
    """Return the id of a run."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([schedule, stored(due_at)])))


def note_schedules(store: Store, wanted: Mapping[str, str], zone: str, now: datetime) -> dict[str, datetime]:
    """Note which schedules are switched on, and return since when each is due.

    One that is new, or was given other due times, begins now: nothing is due for the time before. Those that are gone
    are forgotten; their runs stay.

    Args:
        store: The operations store.
        wanted: Cron of each schedule that is switched on, by name.
        zone: Business time zone.
        now: The present instant.
    """
    with store.reading() as connection:
        known = {row.schedule: row for row in connection.execute(sa.select(SCHEDULES))}
    same = {name for name, row in known.items() if (wanted.get(name), zone) == (row.cron, row.time_zone)}
    if same != set(known) or same != set(wanted):
        new = [
            {"schedule": name, "cron": cron, "time_zone": zone, "since_at": stored(now)}
            for name, cron in wanted.items()
            if name not in same
        ]
        with store.writing(SCHEDULES.name) as connection:
            connection.execute(sa.delete(SCHEDULES).where(SCHEDULES.c.schedule.not_in(sorted(same))))
            if new:
                connection.execute(sa.insert(SCHEDULES), new)
    return {name: instant_of(known[name].since_at) if name in same else now for name in wanted}


def add_run(store: Store, schedule: str, due_at: datetime, now: datetime) -> str:
    """Record a due time unless it is known, and return the id of its run."""
    run_id = run_id_of(schedule, due_at)
    with store.writing(SCHEDULE_RUNS.name) as connection:
        if connection.execute(sa.select(RUNS.run_id).where(RUNS.run_id == run_id)).one_or_none() is None:
            row = {"run_id": run_id, "schedule": schedule, "due_at": stored(due_at), "began_at": stored(now)}
            connection.execute(sa.insert(SCHEDULE_RUNS).values(**row, state="due", attempts=0))
    return run_id


def begin(store: Store, run_id: str) -> int:
    """Count an attempt before it is made, and return which one it is."""
    own = RUNS.run_id == run_id
    with store.writing(SCHEDULE_RUNS.name) as connection:
        connection.execute(sa.update(SCHEDULE_RUNS).where(own).values(attempts=RUNS.attempts + 1))
        return int(connection.execute(sa.select(RUNS.attempts).where(own)).scalar_one())


def unfinished(store: Store) -> list[Run]:
    """Return the runs that have not ended, the oldest first."""
    return _runs(store, sa.select(SCHEDULE_RUNS).where(RUNS.state.in_(OPEN)).order_by(RUNS.due_at, RUNS.schedule))


def list_runs(store: Store, schedule: str | None = None, limit: int = 20) -> list[Run]:
    """Return the newest runs, of one schedule or of all."""
    query = sa.select(SCHEDULE_RUNS).order_by(RUNS.due_at.desc(), RUNS.schedule).limit(limit)
    return _runs(store, query.where(RUNS.schedule == schedule) if schedule is not None else query)


def last_runs(store: Store) -> dict[str, Run]:
    """Return the newest run of each schedule."""
    newest = sa.select(RUNS.schedule, sa.func.max(RUNS.due_at).label("due_at")).group_by(RUNS.schedule).subquery()
    joined = (RUNS.schedule == newest.c.schedule) & (RUNS.due_at == newest.c.due_at)
    return {run.schedule: run for run in _runs(store, sa.select(SCHEDULE_RUNS).join(newest, joined))}


def note_made(
    store: Store, run_id: str, *, version: int, made: Mapping[str, Any], seen: Iterable[str] | None = None
) -> None:
    """Record what was made of a version, before it is handed over.

    Args:
        store: The operations store.
        run_id: The run.
        version: The published version.
        made: What is handed over, as JSON can hold it.
        seen: Ids of the exceptions that a worklist told, for the next one of the schedule.
    """
    values: dict[str, Any] = {"state": "made", "version": version, "made": json.dumps(made, ensure_ascii=False)}
    with store.writing(SCHEDULE_RUNS.name) as connection:
        own = RUNS.run_id == run_id
        if seen is not None:
            schedule: str = connection.execute(sa.select(RUNS.schedule).where(own)).scalar_one()
            # Only the ids of the last worklist are needed.
            connection.execute(sa.update(SCHEDULE_RUNS).where(RUNS.schedule == schedule).values(seen=None))
            values["seen"] = _packed(seen)
        connection.execute(sa.update(SCHEDULE_RUNS).where(own).values(**values))


def end(store: Store, run_id: str, state: str, sentence: str, now: datetime) -> None:
    """Record how a run ended."""
    with store.writing(SCHEDULE_RUNS.name) as connection:
        values = {"state": state, "sentence": sentence, "ended_at": stored(now)}
        connection.execute(sa.update(SCHEDULE_RUNS).where(RUNS.run_id == run_id).values(**values))


def seen_last(store: Store, schedule: str) -> set[str] | None:
    """Return the ids of the exceptions that the last worklist of a schedule told; None if there was none."""
    query = sa.select(RUNS.seen).where(RUNS.schedule == schedule, RUNS.seen.is_not(None)).limit(1)
    with store.reading() as connection:
        found = connection.execute(query).scalar()
    return _unpacked(found) if found is not None else None


def _runs(store: Store, query: sa.Select[Any]) -> list[Run]:
    with store.reading() as connection:
        return [
            Run(
                run_id=row.run_id,
                schedule=row.schedule,
                due_at=instant_of(row.due_at),
                state=row.state,
                sentence=row.sentence,
                version=row.version,
                made=json.loads(row.made) if row.made else None,
                ended_at=instant_of(row.ended_at) if row.ended_at else None,
            )
            for row in connection.execute(query)
        ]


def _packed(ids: Iterable[str]) -> str:
    return base64.b64encode(zlib.compress("\n".join(sorted(ids)).encode())).decode("ascii")


def _unpacked(text: str) -> set[str]:
    return set(zlib.decompress(base64.b64decode(text)).decode().splitlines())
