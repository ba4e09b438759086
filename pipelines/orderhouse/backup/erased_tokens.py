"""Erasures and backups: a journal of erased tokens beside the backups, which every restore obeys.

A backup holds the values of people who are erased later. Each erasure therefore adds its tokens to the journal of every
place that the home was backed up to, and each backup does it again. What no journal and no surviving
`erased_tokens` of the home names cannot be obeyed: a place that was out of reach since the erasure.
"""

from __future__ import annotations

from pathlib import Path

from orderhouse.backup.repository import Repository
from orderhouse.backup.snapshot import remove_left_snapshots
from orderhouse.errors import OrderhouseError
from orderhouse.files.object_stores import is_address
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.vault.erased_list import read_erased

__all__ = ["announce_erasures", "listed_tokens", "note_place"]


def listed_tokens(settings: Settings) -> set[str]:
    """Return the home's list of erased tokens."""
    return read_erased(settings.erased_tokens)


def note_place(settings: Settings, place: str) -> None:
    """Remember a place of backups, so that later erasures are announced there."""
    shown = place if is_address(place) else str(Path(place).expanduser().absolute())
    known = _places(settings)
    if shown not in known:
        write_atomically(settings.backup_places, "".join(f"{each}\n" for each in [*known, shown]))


def announce_erasures(settings: Settings) -> list[str]:
    """Add the erased tokens to the journals of all places of backups; return the places that cannot be reached.

    Copies that a killed backup left in the home hold the erased values. They are removed.
    """
    remove_left_snapshots(settings)
    out_of_reach = []
    for place in _places(settings):
        try:
            # A folder on a disk that is not mounted must not be created in its place.
            if not is_address(place) and not (Path(place) / "backups").is_dir():
                raise OrderhouseError(f"There are no backups in {place}.")
            Repository(place).note_erased(listed_tokens(settings))
        except (OSError, OrderhouseError):
            out_of_reach.append(place)
    return out_of_reach


def _places(settings: Settings) -> list[str]:
    path = settings.backup_places
    try:
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    except UnicodeDecodeError:
        raise OrderhouseError(
            f"{path} is damaged: it is no list of places. Remove it, and back up to each place once, so that later "
            "erasures are announced there."
        ) from None
