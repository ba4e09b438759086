"""Step records: when each kind of writing step last ran, and how it ended, in ``runs/steps.json`` under the home.

The holder of the run lock writes them, so there is one writer. What a step did to the tables does not belong here.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.event_log import log_event

__all__ = ["StepRecord", "load_steps", "recorded_step"]


@dataclass(frozen=True)
class StepRecord:
    """The last time a step ran.

    Attributes:
        step: Purpose for which the run lock was held, such as `run` or `ingest`.
        pid: Process that ran it.
        began_at: Start, UTC, ISO-8601.
        ended_at: End, UTC, ISO-8601; None while it runs, or if it was killed.
        outcome: `running`, `done`, `failed`, `refused` (by the audit) or `stopped` (by the user).
        message: Sentence that explains a failure; for an unexpected error its type alone.
        succeeded_at: End of the last run of this step that was done, also before this one.
        runs: Number of times that the step has ended.
        failures: Number of times that it failed.
    """

    step: str
    pid: int
    began_at: str
    ended_at: str | None = None
    outcome: str = "running"
    message: str = ""
    succeeded_at: str | None = None
    runs: int = 0
    failures: int = 0

    @property
    def seconds(self) -> float | None:
        """Return the duration, or None if the step has not ended."""
        if self.ended_at is None:
            return None
        return (datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.began_at)).total_seconds()


def load_steps(settings: Settings) -> dict[str, StepRecord]:
    """Return the record of each step by its name; none if there is no file or it is unreadable."""
    try:
        stored = json.loads(_path(settings).read_text(encoding="utf-8"))
        return {name: StepRecord(**record) for name, record in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


@contextlib.contextmanager
def recorded_step(settings: Settings, step: str) -> Iterator[None]:
    """Record the begin and the end of a step; the caller holds the run lock.

    A record that cannot be written, for example on a full disk, stops nothing.
    """
    before = load_steps(settings).get(step)
    record = StepRecord(
        step,
        os.getpid(),
        began_at=_now(),
        succeeded_at=before.succeeded_at if before else None,
        runs=before.runs if before else 0,
        failures=before.failures if before else 0,
    )
    _save(settings, record)
    log_event(settings, "step_began", step=step)
    try:
        yield
    except BaseException as error:
        _end(settings, record, _outcome(error), _sentence(error))
        raise
    _end(settings, record, "done", "")


def _end(settings: Settings, record: StepRecord, outcome: str, message: str) -> None:
    ended_at = _now()
    ended = replace(
        record,
        ended_at=ended_at,
        outcome=outcome,
        message=message,
        succeeded_at=ended_at if outcome == "done" else record.succeeded_at,
        runs=record.runs + 1,
        failures=record.failures + (outcome == "failed"),
    )
    _save(settings, ended)
    log_event(settings, "step_ended", step=record.step, outcome=outcome, seconds=ended.seconds, message=message)


def _outcome(error: BaseException) -> str:
    if not isinstance(error, Exception):
        return "stopped"
    return "refused" if isinstance(error, OrderhouseError) and error.exit_code == 1 else "failed"


def _sentence(error: BaseException) -> str:
    # The text of an unexpected error may quote a row.
    return error.message if isinstance(error, OrderhouseError) else type(error).__name__


def _save(settings: Settings, record: StepRecord) -> None:
    records = load_steps(settings) | {record.step: record}
    with contextlib.suppress(OSError):
        write_atomically(_path(settings), json.dumps({name: asdict(each) for name, each in records.items()}, indent=1))


def _path(settings: Settings) -> Path:
    return settings.runs / "steps.json"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
