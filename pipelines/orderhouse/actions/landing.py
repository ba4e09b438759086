"""Landing of actions: one file of records for each request, complete and durable before anybody is told.

The file is written as a hidden draft, synced and renamed; then the folder is synced. Its name has the id of the
request, so that a repeated request finds it. Every run reads the folder, see `sources_of`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.files.landed_actions import LANDED, LOADED, LOCK
from orderhouse.files.landed_actions import landed_names as names_in
from orderhouse.serve.copying import sync_folder
from orderhouse.settings import Settings
from orderhouse.storage.file_locks import locked

__all__ = ["land", "landed_file", "landed_names", "landing_lock", "next_instant"]

DRAFT_SUFFIX = ".part"
STAMP = "%Y%m%dT%H%M%S.%fZ"
ACTIONS_FILE = re.compile(r"^actions-(\d{8}T\d{6}\.\d{6}Z)-[0-9a-f]{32}\.ndjson$")


@contextlib.contextmanager
def landing_lock(settings: Settings) -> Iterator[None]:
    """Let one request at a time be judged and landed, so that each is judged on what has landed before it."""
    with contextlib.ExitStack() as held:
        with _explained(settings):
            _make(settings.actions)
            held.enter_context(locked(settings.actions / LOCK))
        yield


def land(settings: Settings, request_id: str, records: Sequence[Mapping[str, object]], now: datetime) -> Path:
    """Land the records of one request. They are durably on disk when this returns. The caller holds the lock.

    Args:
        settings: Settings of the home.
        request_id: Id of the request.
        records: Records of the feed, at least one.
        now: The present instant, with a time zone.

    Raises:
        OrderhouseError: The file could not be written. Nothing has landed then.
    """
    target = settings.actions / f"actions-{now.astimezone(UTC):{STAMP}}-{request_id}.ndjson"
    draft = target.with_name(f".{target.name}{DRAFT_SUFFIX}")
    with _explained(settings):
        for remains in settings.actions.glob(f".*{DRAFT_SUFFIX}"):  # of a process that was killed
            remains.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.writelines(json.dumps(dict(record), ensure_ascii=False) + "\n" for record in records)
                file.flush()
                os.fsync(file.fileno())
            checkpoint("action_drafted")
            draft.replace(target)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(settings.actions)
    checkpoint("action_landed")
    return target


def landed_file(settings: Settings, request_id: str) -> Path | None:
    """Return the file of a request, or the receipt in its place, if it has landed."""
    found = (path for end in (LANDED, LOADED) for path in settings.actions.glob(f"actions-*-{request_id}{end}"))
    return next(found, None)


def next_instant(settings: Settings) -> datetime:
    """Return the present instant; after the newest landed action, also if the clock was set back."""
    now = datetime.now(UTC)
    stamps = [match[1] for name in landed_names(settings) if (match := ACTIONS_FILE.match(name))]
    if not stamps:
        return now
    newest = datetime.strptime(max(stamps), STAMP).replace(tzinfo=UTC)
    return max(now, newest + timedelta(microseconds=1))


def landed_names(settings: Settings) -> list[str]:
    """Return the names of all landed files, in the order in which they landed; see `files.landed_actions`."""
    return names_in(settings.actions)


@contextlib.contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OrderhouseError(
            f"The action could not be written to {settings.actions}: {error.strerror}. It has not been taken. "
            "Correct this, and act again."
        ) from None


def _make(folder: Path) -> None:
    """Create the folder and sync its parent, without which the new folder is not durable."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)
