"""Ways to deliver the same rows: the order, the number of files and deliveries, and the repetitions.

The rows belong in the tests and in `real_feeds`; the assertions about them belong in the tests.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
from hypothesis import strategies as st
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.transform import build

from tests.integration.published_tables import table_hashes
from tests.integration.running import share_parsed_project

__all__ = ["Delivery", "Hashes", "built", "deliveries", "portions", "repeated"]

Hashes = dict[str, tuple[int, int]]
Rows = TypeVar("Rows", pl.DataFrame, Sequence[object])
Piece = TypeVar("Piece")


@dataclass(frozen=True)
class Delivery:
    """Way to deliver one world.

    Attributes:
        order: `shuffled`, `newest first` (late versions before early ones) or `oldest first`.
        repeats_files: Whether files come again under other names, in a later delivery.
    """

    seed: int
    deliveries: int
    parts: int
    repeated_share: float
    order: str
    repeats_files: bool


# Hypothesis tries the first value of each list first, so that even a few examples test something.
deliveries = st.builds(
    Delivery,
    seed=st.integers(0, 2**16),
    deliveries=st.sampled_from([2, 3, 1]),
    parts=st.sampled_from([3, 1, 2]),
    repeated_share=st.sampled_from([0.1, 0.5, 0.0]),
    order=st.sampled_from(["shuffled", "newest first", "oldest first"]),
    repeats_files=st.sampled_from([True, False]),
)


def portions(
    name: str, rows: Rows, count: int, delivery: Delivery, chance: random.Random
) -> Iterator[tuple[int, str, Rows]]:
    """Cut `count` rows into files; yield the number of the delivery, a name, and the rows."""
    slices = delivery.deliveries * delivery.parts
    size = -(-count // slices)
    order = list(range(slices))
    if delivery.order == "shuffled":
        chance.shuffle(order)
    for position, part in enumerate(order):
        number = position * delivery.deliveries // slices
        if part * size < count:
            piece = rows[part * size : (part + 1) * size]
            yield number, f"{name}-d{number}-p{part}", piece
            if delivery.repeats_files and chance.random() < 0.3:
                yield delivery.deliveries - 1, f"{name}-again-{part}", piece


def repeated(pieces: Sequence[Piece], delivery: Delivery, chance: random.Random) -> list[Piece]:
    """Return pieces that are in order of time in the order of the delivery, some of them twice."""
    twice = chance.sample(pieces, int(len(pieces) * delivery.repeated_share))
    if delivery.order == "shuffled":
        return chance.sample([*pieces, *twice], len(pieces) + len(twice))
    places = {id(piece): place for place, piece in enumerate(pieces)}
    return sorted([*pieces, *twice], key=lambda piece: places[id(piece)], reverse=delivery.order == "newest first")


def built(home: Path, sources: Path, as_of: str, *, final: bool = True) -> Hashes:
    """Ingest new files and build; return the hashes of the tables after the last build."""
    share_parsed_project(home)
    chosen = load_settings(home=home, sources=sources)
    receive(chosen)
    build(chosen, as_of=as_of)
    return table_hashes(chosen.warehouse_db) if final else {}
