"""Landing: write bodies as files that are complete and durable before the sender gets an answer.

A body is written to a hidden draft, synced, and renamed; then the folder is synced. Bodies that arrive meanwhile are
written together in the next round, so that they share one sync of the folder. A body that landed in the last seven
days is recognised by its digest in the file names, as long as its file is there. HTTP belongs to `application`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orderhouse.faults import checkpoint
from orderhouse.files.local_files import LANDED_BODY
from orderhouse.intake.receivers import LandingPlace
from orderhouse.intake.signatures import Delivery
from orderhouse.serve.copying import sync_folder

__all__ = ["Landing", "file_name"]

DRAFT_SUFFIX = ".webhook.part"
DIGEST_CHARACTERS = 32
REMEMBERED = timedelta(days=7)
BODIES_PER_ROUND = 256
WRITERS = 8
STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class _Waiting:
    """Body that waits to be written, with its target path."""

    target: Path
    body: bytes
    done: asyncio.Future[None]

    @property
    def draft(self) -> Path:
        """Return the hidden path to which the body is written first."""
        return self.target.with_name(f".{self.target.name}{DRAFT_SUFFIX}")


class Landing:
    """Landing folders of all sources, and the only writer into them. It runs in one event loop."""

    def __init__(self, places: dict[str, LandingPlace]) -> None:
        self.places = places
        self._known: dict[str, dict[str, tuple[datetime, Path]]] = {name: {} for name in places}
        self._under_way: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._made: set[Path] = set()
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="landing")

    def prepare(self, now: datetime) -> None:
        """Create the folders, delete drafts that a killed server left, and read the digests of recent bodies."""
        for name, place in self.places.items():
            self._make(place.folder)
            for draft in place.folder.glob(f"**/.*{DRAFT_SUFFIX}" if place.by_day else f".*{DRAFT_SUFFIX}"):
                draft.unlink(missing_ok=True)
            self._known[name] = dict(_landed_since(place, now - REMEMBERED))

    async def land(self, source: str, delivery: Delivery, body: bytes, now: datetime) -> bool:
        """Land a body. It is durably on disk when this returns.

        Args:
            source: Name of the source.
            delivery: Topic and id of the delivery.
            body: The body.
            now: Instant of receipt, with a time zone.

        Returns:
            True if the body is new, or its file is gone; False if the same body is there already.

        Raises:
            OSError: The body could not be written. If a file of it remains, the ingest recognises a second one by its
                content.
        """
        digest = hashlib.sha256(body).hexdigest()[:DIGEST_CHARACTERS]
        known = self._known[source].get(digest)
        if known is not None and known[1].exists():  # a file that is gone may not have been loaded
            return False
        first = self._under_way.get((source, digest))
        if first is not None:
            await asyncio.shield(first)
            return False
        place = self.places[source]
        folder = place.folder / f"{now:%Y-%m-%d}" if place.by_day else place.folder
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._under_way[source, digest] = done
        target = folder / file_name(delivery, digest, now)
        self._queue.put_nowait(_Waiting(target, body, done))
        done.add_done_callback(lambda _: self._settle(source, digest, done, (now, target)))
        await asyncio.shield(done)
        return True

    async def write(self) -> None:
        """Write waiting bodies, round after round, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BODIES_PER_ROUND and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            outcomes: list[Exception | None]
            try:
                outcomes = list(await loop.run_in_executor(None, self._write_round, batch))
            except Exception as error:  # an unexpected error must fail these bodies, not stop the writer
                outcomes = [error] * len(batch)
            for waiting, failure in zip(batch, outcomes, strict=True):
                if failure is None:
                    waiting.done.set_result(None)
                else:
                    waiting.done.set_exception(failure)

    def close(self) -> None:
        """Stop the writing threads."""
        self._pool.shutdown()

    def _settle(self, source: str, digest: str, done: asyncio.Future[None], landed: tuple[datetime, Path]) -> None:
        """Remember a digest once its body is durable; a body that failed may be sent again."""
        del self._under_way[source, digest]
        if done.cancelled() or done.exception() is not None:
            return
        known = self._known[source]
        known.pop(digest, None)  # the oldest come first
        known[digest] = landed
        for oldest, (at, _) in list(itertools.islice(known.items(), 2)):
            if at < landed[0] - REMEMBERED:
                del known[oldest]

    def _write_round(self, batch: list[_Waiting]) -> list[OSError | None]:
        """Write and sync the drafts, rename them, and sync each folder once. Return the error of each body."""
        outcomes = list(self._pool.map(self._write_draft, batch))
        checkpoint("intake_drafted")
        for place, waiting in enumerate(batch):
            if outcomes[place] is None:
                outcomes[place] = _rename(waiting)
        checkpoint("intake_renamed")
        lost = {folder: error for folder in {w.target.parent for w in batch} if (error := _sync_error(folder))}
        return [error or lost.get(waiting.target.parent) for waiting, error in zip(batch, outcomes, strict=True)]

    def _write_draft(self, waiting: _Waiting) -> OSError | None:
        try:
            self._make(waiting.target.parent)
            descriptor = os.open(waiting.draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(waiting.body)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                waiting.draft.unlink(missing_ok=True)
            return error
        return None

    def _make(self, folder: Path) -> None:
        """Create a folder and sync its parent, without which the new folder is not durable."""
        if folder in self._made and folder.is_dir():
            return
        if not folder.parent.is_dir():
            self._make(folder.parent)
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)
        self._made.add(folder)


def file_name(delivery: Delivery, digest: str, now: datetime) -> str:
    """Return the file name of a body: topic, instant of receipt, the sender's id and the digest of the content.

    An id that could be a path or a name is replaced by its hash.
    """
    topic = re.sub(r"[^a-z0-9]+", "_", delivery.topic.lower()).strip("_")[:40] or "event"
    named = re.fullmatch(r"[A-Za-z0-9_-]{1,64}", delivery.delivery_id)
    given = (
        delivery.delivery_id
        if named
        else hashlib.sha256(delivery.delivery_id.encode(errors="surrogatepass")).hexdigest()[:16]
    )
    return f"{topic}-{now.astimezone(UTC):{STAMP}}-{given}-{digest}.json"


def _landed_since(place: LandingPlace, oldest: datetime) -> Iterable[tuple[str, tuple[datetime, Path]]]:
    """Return digest, instant and file of the bodies that landed since an instant, oldest first."""
    folders = [place.folder]
    if place.by_day:
        day = f"{oldest:%Y-%m-%d}"
        folders += [each for each in place.folder.iterdir() if each.name >= day and each.is_dir()]
    found: list[tuple[datetime, str, Path]] = []
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                match = LANDED_BODY.match(entry.name)
                if match and (landed := datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)) >= oldest:
                    found.append((landed, match[2], Path(entry.path)))
    return [(digest, (landed, path)) for landed, digest, path in sorted(found)]


def _rename(waiting: _Waiting) -> OSError | None:
    try:
        waiting.draft.replace(waiting.target)
    except OSError as error:
        with contextlib.suppress(OSError):
            waiting.draft.unlink(missing_ok=True)
        return error
    return None


def _sync_error(folder: Path) -> OSError | None:
    try:
        sync_folder(folder)
    except OSError as error:
        return error
    return None
