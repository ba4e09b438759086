"""Suppressions: who is not written to for which purpose, as published and as landed since.

Decisions are rows of the feed `suppressions`: each request lands as a file before anybody is told, and the files stay.
They hold tokens, never addresses.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.file_locks import locked

__all__ = ["ALL_PURPOSES", "Suppressions", "land_suppressions", "suppressions_of"]

# The purpose that stands for all marketing.
ALL_PURPOSES = "all"
LOCK = "landing.lock"
KEPT_FILES = 65_536
State = tuple[str, bool, str]


@dataclass(frozen=True)
class Suppressions:
    """Who is not written to.

    Attributes:
        by_purpose: Tokens of people by purpose; those of `all` get no marketing at all.
    """

    by_purpose: Mapping[str, frozenset[str]]

    def holds(self, recipient: str, purpose: str) -> bool:
        """Tell if a person gets no messages of a purpose."""
        return any(recipient in self.by_purpose.get(each, ()) for each in (ALL_PURPOSES, purpose))


def suppressions_of(settings: Settings, published: duckdb.DuckDBPyConnection | None = None) -> Suppressions:
    """Return the suppressions as they are now: the latest decision about a person and a purpose counts.

    Args:
        settings: Settings of the home.
        published: Open published version, with what other sources sent; landed files alone by default.
    """
    states: dict[tuple[str, str], State] = {}
    for recipient, purpose, state in [*_published(published), *_landed(settings.suppressions)]:
        key = (recipient, purpose)
        states[key] = max(states[key], state) if key in states else state
    found: dict[str, set[str]] = {}
    for (recipient, purpose), (_, is_suppressed, _) in states.items():
        if is_suppressed:
            found.setdefault(purpose, set()).add(recipient)
    return Suppressions({purpose: frozenset(tokens) for purpose, tokens in found.items()})


def land_suppressions(
    settings: Settings, recipients: Iterable[str], purpose: str, *, kind: str, origin: str, now: datetime | None = None
) -> int:
    """Land a decision about people, durably, and return the number of those for whom it changes something.

    Args:
        settings: Settings of the home.
        recipients: Tokens of their addresses.
        purpose: The purpose; `all` for all marketing.
        kind: `unsubscribed`, `imported` or `resumed`.
        origin: Where it was made: `portal`, `file` or `command`.
        now: The present instant.

    Raises:
        OrderhouseError: It could not be written. Nothing is changed then.
    """
    folder = settings.suppressions
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(folder / LOCK):
            known, newest = _now(folder)
            wanted = sorted(each for each in set(recipients) if ((each, purpose) in known) != (kind != "resumed"))
            if not wanted:
                return 0
            # After the newest decision, also if the clock was set back.
            at = max(now or datetime.now(UTC), newest + timedelta(microseconds=1))
            request = uuid.uuid4().hex
            rows = [
                {
                    "suppression_id": f"{request}-{number}", "recipient": each, "purpose": purpose, "kind": kind,
                    "occurred_at": at.isoformat(timespec="microseconds"), "origin": origin,
                }
                for number, each in enumerate(wanted)
            ]  # fmt: skip
            text = "".join(json.dumps(row) + "\n" for row in rows)
            write_atomically(folder / f"suppressions-{at:%Y%m%dT%H%M%S.%fZ}-{request}.ndjson", text)
    except OSError as error:
        raise OrderhouseError(f"Nothing was changed, because {folder} cannot be written: {error.strerror}.") from None
    return len(wanted)


def _now(folder: Path) -> tuple[set[tuple[str, str]], datetime]:
    """Return the pairs that are suppressed by landed decisions, and the instant of the newest one."""
    states: dict[tuple[str, str], State] = {}
    for recipient, purpose, state in _landed(folder):
        states[(recipient, purpose)] = max(states.get((recipient, purpose), state), state)
    newest = max((state[0] for state in states.values()), default="")
    return {key for key, state in states.items() if state[1]}, _instant(newest)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)


def _landed(folder: Path) -> Iterable[tuple[str, str, State]]:
    if folder.is_dir():
        for path in sorted(folder.glob("*.ndjson")):
            yield from _decisions(path)


@lru_cache(KEPT_FILES)
def _decisions(path: Path) -> tuple[tuple[str, str, State], ...]:
    """Return the decisions of a landed file, which never changes. A line that is no record is left to the ingest."""
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
            at = datetime.fromisoformat(row["occurred_at"]).astimezone(UTC).isoformat(timespec="microseconds")
            found.append((row["recipient"], row["purpose"], (at, row["kind"] != "resumed", row["suppression_id"])))
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(found)


def _published(published: duckdb.DuckDBPyConnection | None) -> list[tuple[str, str, State]]:
    if published is None:
        return []
    try:
        rows = published.execute(
            "select recipient, purpose, occurred_at, is_suppressed from marts.fct_suppressions"
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):  # of another release
        return []
    return [
        (recipient, purpose, (at.replace(tzinfo=UTC).isoformat(timespec="microseconds"), is_suppressed, ""))
        for recipient, purpose, at, is_suppressed in rows
    ]
