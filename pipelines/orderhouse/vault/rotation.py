"""Rotation: exchange the key of the retained originals, and seal the keys under the configured master key.

Tokens keep their key: a token must join with every row, export and audience in which it ever stood. What a rotation
changes is which secret opens the vault. A rotation that was killed is continued by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys, write_keys
from orderhouse.vault.originals import Originals

__all__ = ["Rotation", "originals_to_seal", "rotate"]


@dataclass
class Rotation:
    """Counts of a rotation.

    Attributes:
        seen: Number of originals that were looked at.
        sealed: Number of originals that were sealed again.
        damaged: Names of originals that no key opens; they are left as they are.
    """

    seen: int = 0
    sealed: int = 0
    damaged: list[str] = field(default_factory=list)


def originals_to_seal(settings: Settings) -> list[Path]:
    """Return the retained originals, which a rotation seals again, in a stable order."""
    return sorted(path for path in settings.originals.glob("*/*") if not path.suffix)


def rotate(settings: Settings, *, former_master: bytes | None = None) -> Iterator[Rotation]:
    """Exchange the key of originals and seal all of them again; the caller holds the run lock.

    Args:
        settings: The home.
        former_master: The master key under which the keys are still sealed, if another one is configured now.

    Yields:
        The counts so far, after each original and once at the end.

    Raises:
        OrderhouseError: The keys cannot be opened.
    """
    keys = load_keys(settings, former_master=former_master)
    if len(keys.original_keys) == 1:
        keys = keys.with_new_original_key()
    # Both keys are on the disk before the first original needs the new one.
    write_keys(settings, keys)
    originals = Originals(settings, keys)
    result = Rotation()
    for path in originals_to_seal(settings):
        result.seen += 1
        if originals.seal_again(path.name):
            result.sealed += 1
        elif not originals.is_newest(path.name):
            result.damaged.append(path.name)
        yield result
    write_keys(settings, keys.without_former_original_keys())
    yield result
