"""Runs of schedules: what is due is recorded, made, recorded as made, and handed over.

It may be killed at any moment: the next round finishes what it finds. Of several due times that were missed while
nothing ran, the last one is run. Nothing is made or handed over while sending is paused after a restore.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.files.object_stores import address_without_keys
from orderhouse.messages.configuration import Configuration, load_configuration
from orderhouse.messages.contacts import look_up
from orderhouse.messages.outbox import enqueue
from orderhouse.messages.releases import closed_reason
from orderhouse.operations.audit_log import record
from orderhouse.operations.store import Store, open_store
from orderhouse.schedules.checking import check_channel, role_for
from orderhouse.schedules.due import last_due
from orderhouse.schedules.handing import DIGEST, messages_of
from orderhouse.schedules.making import REPORT, make_report, place_report, prune_reports
from orderhouse.schedules.schedule import Schedule
from orderhouse.schedules.schedules_file import load_schedules, schedule_named, schedules_path
from orderhouse.schedules.states import Run, add_run, begin, end, note_made, note_schedules, seen_last, unfinished
from orderhouse.schedules.worklists import worklist_of
from orderhouse.serve.destinations import check_destination
from orderhouse.serve.publishing import PublishedVersion, current_version
from orderhouse.settings import Settings
from orderhouse.storage.file_locks import has_holder, locked
from orderhouse.wording import counted

__all__ = ["MOST_ATTEMPTS", "Round", "ask_for_run", "has_work", "run_due", "run_now"]

# A query can end the process, as by its memory. Then others must not wait for it for ever.
MOST_ATTEMPTS = 3
log = logging.getLogger("orderhouse")
NOT_DECLARED = "The schedule was removed from schedules.yaml, or switched off, before it ran."


@dataclass(frozen=True)
class Round:
    """Result of a round: the runs that ended, and the reason why others wait; an empty text if none does."""

    ended: tuple[Run, ...] = ()
    waits: str = ""


def has_work(settings: Settings, now: datetime | None = None) -> bool:
    """Record what is due, and tell if a round has something to do. False while another process is at it.

    Raises:
        OrderhouseError: A file has a mistake, or the store cannot be used.
    """
    if not schedules_path(settings).exists() or _is_busy(settings):
        return False
    version = current_version(settings)
    if version is None:
        return False
    store = open_store(settings)
    _record_due(store, load_schedules(settings), version.business_time_zone, now or datetime.now(UTC))
    return bool(unfinished(store)) and not closed_reason(store)


def run_due(settings: Settings, *, now: datetime | None = None) -> Round:
    """Run the schedules that are due, and finish those that were killed.

    Args:
        settings: Settings of the home.
        now: The present instant; the clock of the machine by default.

    Raises:
        OrderhouseError: `schedules.yaml` or `messages.yaml` has a mistake, or the store cannot be used.
    """
    now = now or datetime.now(UTC)
    with locked(_lock(settings)):
        schedules, version = load_schedules(settings), current_version(settings)
        if version is None:
            return Round(waits="Nothing is published yet.") if schedules else Round()
        store = open_store(settings)
        _record_due(store, schedules, version.business_time_zone, now)
        checkpoint("schedules_recorded")
        return _finish_all(settings, store, {each.name: each for each in schedules if each.is_enabled}, version, now)


def run_now(settings: Settings, name: str, *, now: datetime | None = None) -> Round:
    """Run one schedule at once, also one that is switched off. Its due instant is the present second.

    Raises:
        OrderhouseError: There is no such schedule, nothing is published, a file has a mistake, or the store cannot be
            used.
    """
    now = now or datetime.now(UTC)
    with locked(_lock(settings)):
        schedule, version = schedule_named(settings, name), current_version(settings)
        if version is None:
            raise OrderhouseError("Nothing is published yet. Next: orderhouse run")
        store = open_store(settings)
        run_id = add_run(store, name, now.replace(microsecond=0), now)
        return _finish_all(settings, store, {name: schedule}, version, now, only=run_id)


def ask_for_run(settings: Settings, name: str, *, actor: str, role: str, now: datetime | None = None) -> None:
    """Record the present second as a due time of a schedule, which the next round runs.

    Pages ask, and do not run: a query must not take the memory of the server.

    Raises:
        OrderhouseError: There is no such schedule, it is switched off, or the store cannot be used.
    """
    now = now or datetime.now(UTC)
    if not schedule_named(settings, name).is_enabled:
        raise OrderhouseError(f"The schedule {name} is switched off. Switch it on, or run it on the command line.")
    add_run(open_store(settings), name, now.replace(microsecond=0), now)
    record(settings, actor=actor, role=role, action="run_schedule", subject=f"schedule {name}")


def _lock(settings: Settings) -> Path:
    settings.operations.mkdir(parents=True, exist_ok=True, mode=0o700)
    return settings.operations / "schedules.lock"


def _is_busy(settings: Settings) -> bool:
    path = settings.operations / "schedules.lock"
    return path.exists() and has_holder(path)


def _record_due(store: Store, schedules: list[Schedule], zone: str, now: datetime) -> None:
    """Record the last due time of each schedule, unless it is before the schedule began."""
    wanted = {each.name: each.cron for each in schedules if each.is_enabled}
    for name, since in note_schedules(store, wanted, zone, now).items():
        due_at = last_due(wanted[name], zone, now)
        if due_at is not None and due_at > since:
            add_run(store, name, due_at, now)


def _finish_all(
    settings: Settings,
    store: Store,
    schedules: Mapping[str, Schedule],
    version: PublishedVersion,
    now: datetime,
    *,
    only: str | None = None,
) -> Round:
    waiting = [run for run in unfinished(store) if only in (None, run.run_id)]
    if not waiting:
        return Round()
    looked_up = look_up(settings, store, [])
    if looked_up is None:
        return Round(waits="A run is busy. What is due runs after it.")
    if not looked_up.gate.is_open:
        return Round(waits=f"Nothing is sent, because {looked_up.gate.reason}. Next: orderhouse messages release")
    configuration = load_configuration(settings)
    ended = []
    for run in waiting:
        state, sentence = _finish(settings, store, configuration, schedules.get(run.schedule), version, run, now)
        end(store, run.run_id, state, sentence, now)
        ended.append(replace(run, state=state, sentence=sentence, ended_at=now))
    return Round(tuple(ended))


def _finish(
    settings: Settings,
    store: Store,
    configuration: Configuration,
    schedule: Schedule | None,
    version: PublishedVersion,
    run: Run,
    now: datetime,
) -> tuple[str, str]:
    """Make what a run tells unless it is made, hand it over, and return its last state with a sentence."""
    if schedule is None:
        return "dropped", NOT_DECLARED
    if begin(store, run.run_id) > MOST_ATTEMPTS:
        return "failed", f"It ended the process {MOST_ATTEMPTS} times, so it is not tried again."
    try:
        made = run.made
        if made is None:
            made = _make(settings, store, configuration, schedule, version, run)
            checkpoint("schedules_made")
        return _hand_over(settings, store, configuration, schedule, run, made, now)
    except OrderhouseError as error:
        return "failed", error.message
    except duckdb.Error as error:
        return "failed", f"{str(error).splitlines()[0].rstrip('.')}."
    except OSError as error:
        return "failed", f"A file cannot be read or written: {error.strerror or error}."
    except Exception as error:  # one schedule must not stop the others
        log.exception("the schedule %s failed", schedule.name)
        return "failed", f"An unexpected error occurred ({type(error).__name__}). The log has the details."


def _make(
    settings: Settings,
    store: Store,
    configuration: Configuration,
    schedule: Schedule,
    version: PublishedVersion,
    run: Run,
) -> dict[str, Any]:
    """Make what a schedule tells, and record it."""
    role = role_for(settings, schedule)
    check_channel(configuration, schedule)
    if schedule.kind != "worklist":
        if schedule.destination is not None:
            check_destination(settings, schedule.destination)
        made = make_report(settings, schedule, role, version, run.due_at)
        checkpoint("schedules_computed")
        note_made(store, run.run_id, version=version.number, made=made)
        return made
    seen = seen_last(store, schedule.name)
    found = worklist_of(
        settings, schedule, role, version, run.due_at, seen=seen, pages_url=configuration.pages_url
    )  # fmt: skip
    made = {"payload": found.payload, "rows": len(found.ids)}
    checkpoint("schedules_computed")
    note_made(store, run.run_id, version=version.number, made=made, seen=found.ids)
    return made


def _hand_over(
    settings: Settings,
    store: Store,
    configuration: Configuration,
    schedule: Schedule,
    run: Run,
    made: Mapping[str, Any],
    now: datetime,
) -> tuple[str, str]:
    """Hand over what was made. A repetition has the same keys, and changes nothing."""
    rows, is_worklist = int(made["rows"]), schedule.kind == "worklist"
    if not rows and not schedule.sends_empty:
        return "empty", f"{'Nothing is open' if is_worklist else 'There are no rows'}, so nothing was sent."
    said = []
    if not is_worklist:
        said += _place(settings, schedule, made["payload"], rows)
    if is_worklist or schedule.recipients:
        kind = DIGEST if is_worklist else REPORT
        messages = list(messages_of(configuration, schedule, kind, run.due_at, made["payload"], now))
        enqueue(store, messages, now=now)
        checkpoint("schedules_handed_over")
        told = f"{counted(rows, 'exception')} told in " if is_worklist else ""
        said.append(f"{told}{counted(len(messages), 'message')}.")
        if messages[0].state == "held":
            said.append("The channel is not configured, so they are held.")
    if not is_worklist:
        prune_reports(settings, store, schedule.name)
    return "done", " ".join(said)


def _place(settings: Settings, schedule: Schedule, payload: dict[str, Any], rows: int) -> list[str]:
    """Record an export, copy it to its destination if it has one, and return what was done in words."""
    places = [f"{counted(len(schedule.recipients), 'recipient')}"] if schedule.recipients else []
    said = [f"{counted(rows, 'row')}."]
    target = None
    if schedule.destination is not None:
        target = address_without_keys(place_report(settings, schedule.destination, payload))
        checkpoint("schedules_placed")
        places.append(target)
        said.append(f"Files in {target}.")
    record(
        settings, actor="schedules", role=schedule.role, action="export", subject=schedule.what,
        detail={"schedule": schedule.name, "due_at": payload["due_at"], "to": ", ".join(places)},
    )  # fmt: skip
    return said
