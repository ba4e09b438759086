"""Versions as known at an earlier instant: the same models over the rows that had been received by then.

The rows are copied into a raw database of their own, which is built like any other. Repairs, replays and rereads that
came later are not in it, so nothing they changed is changed there. Values of erased people never return: raw rows hold
tokens, and the vault is not part of the copy. The last few versions are kept, each under a name made of everything
that it depends on. Rows are chosen by `orderhouse.storage.received_until`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record
from orderhouse.storage.predictions import copy_predictions
from orderhouse.storage.received_until import batch_at, copy_received
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform import ModelEvent, build
from orderhouse.transform.clock import Clock, read_clock, read_instant, utc_text
from orderhouse.transform.dbt import project_folder, target_folder
from orderhouse.transform.fingerprint import project_hash
from orderhouse.transform.statements import copy_kept
from orderhouse.transform.variables import shaping_variables, tracking_salt
from orderhouse.vault.keys import load_keys

__all__ = ["KnownVersion", "known_version"]

# dbt's cache of the parsed project; with it a build starts ten seconds earlier.
PARSED_PROJECT = "partial_parse.msgpack"


@dataclass(frozen=True)
class KnownVersion:
    """The tables as known at an instant.

    Attributes:
        path: The DuckDB file, with the schemas of a published version.
        batch_id: The last batch that had been received.
        as_of: The clock, as UTC text with microseconds.
        is_new: True if it was built just now.
    """

    path: Path
    batch_id: int
    as_of: str
    is_new: bool


def known_version(
    settings: Settings,
    instant: str,
    *,
    as_of: str | None = None,
    on_event: Callable[[ModelEvent], None] | None = None,
) -> KnownVersion:
    """Return the tables as known at an instant; build them unless they are kept.

    Args:
        settings: Settings of the home.
        instant: ISO-8601 with an offset. Rows received at or before it count.
        as_of: The clock: `now` for the instant itself, `data` for the newest instant in the rows known then, or an
            instant. By default the clock policy of the home's last build; an instant that was fixed there stays.
        on_event: Called for each model when it starts and when it ends.

    Raises:
        OrderhouseError: The text is no instant, the instant is in the future or before the first receipt, or another
            process writes to the raw database.
        BuildFailed: A model could not be computed.
    """
    known_at = read_instant(instant, "--known-at")
    if known_at > datetime.now(UTC):
        raise OrderhouseError(f"--known-at {instant} is in the future, so nothing can be known of it. Name a past one.")
    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        batch_id = batch_at(raw, known_at.astimezone(UTC).replace(tzinfo=None))
        identity = raw.execute("select * from raw.batches where batch_id <= ? order by all", [batch_id]).fetchall()
    clock = read_clock(as_of or _policy(settings), now=known_at)
    path = settings.known / f"known-{_key(settings, clock, identity)}.duckdb"
    is_new = not path.exists() or _as_of(path) is None
    if is_new:
        _build(settings, path, batch_id, clock, known_at, on_event)
        _prune(settings)
    else:
        path.touch()
    return KnownVersion(path, batch_id, _as_of(path) or clock.as_of, is_new)


def _as_of(path: Path) -> str | None:
    """Return the clock in the description of a version; None if the description is missing or damaged."""
    try:
        return str(json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["as_of"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _policy(settings: Settings) -> str:
    """Return the clock of the home's last build: `now`, `data`, or the instant that was fixed."""
    record = load_record(settings)
    if record is None:
        return "now"
    return f"{record.as_of}+00:00" if record.as_of_mode == "instant" else record.as_of_mode


def _key(settings: Settings, clock: Clock, identity: list[tuple[object, ...]]) -> str:
    """Return a name made of everything that the tables depend on: batches, clock, definitions, settings and key."""
    parts = [
        [[str(value) for value in row] for row in identity],
        [clock.mode, clock.as_of, clock.wall_clock],
        project_hash(project_folder()),
        shaping_variables(settings),
        hashlib.sha256(tracking_salt(load_keys(settings).inner).encode()).hexdigest(),
    ]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]


def _build(
    settings: Settings,
    path: Path,
    batch_id: int,
    clock: Clock,
    known_at: datetime,
    on_event: Callable[[ModelEvent], None] | None,
) -> None:
    """Copy the rows, build them, and keep the built file. A killed build leaves nothing that is taken for one."""
    settings.known.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in settings.known.glob("building-*"):
        _remove_left(left)
    with tempfile.TemporaryDirectory(prefix="building-", dir=settings.known) as folder:
        copy = settings.model_copy(update={"home": Path(folder)})
        parsed = target_folder(settings) / PARSED_PROJECT
        if parsed.exists():
            target_folder(copy).mkdir(mode=0o700)
            shutil.copy(parsed, target_folder(copy) / PARSED_PROJECT)
            copy_kept(settings, copy)
        copy_received(settings, copy, batch_id)
        copy_predictions(settings, copy, known_at.astimezone(UTC).replace(tzinfo=None), batch_id)
        as_of = clock.mode if clock.mode != "instant" else f"{clock.as_of}+00:00"
        result = build(copy, as_of=as_of, full=True, on_event=on_event, origin=settings, now=known_at)
        description = {"known_at": utc_text(known_at), "batch_id": batch_id, "as_of": result.record.as_of}
        path.with_suffix(".json").write_text(json.dumps(description), encoding="utf-8")
        copy.warehouse_db.chmod(0o400)
        copy.warehouse_db.replace(path)


def _remove_left(folder: Path) -> None:
    """Remove the folder of a build that was killed more than a day ago; a younger one may still be running."""
    if datetime.now(UTC).timestamp() - folder.stat().st_mtime > 86_400:
        shutil.rmtree(folder, ignore_errors=True)


def _prune(settings: Settings) -> None:
    """Keep as many versions as are kept of published ones, the last used first."""
    kept = sorted(settings.known.glob("known-*.duckdb"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[settings.keep_versions :]:
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
