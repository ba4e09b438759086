"""Random batches over a world: rows held back, new versions, corrections of any column, repairs and a changed mapping.

A correction sends a row again in which one column has the value of another row of its feed, so that values stay
plausible. Columns are chosen at random, names of orders, customers and SKUs among them, so that rows move between
subjects. The builds and assertions belong in the tests.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import yaml
from hypothesis import strategies as st
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings

from tests.repair.mending import Mending
from tests.sent import SENT

__all__ = ["Corrections", "batches", "corrections", "decide"]

CLOCKS = ("updated_at", "occurred_at", "shipped_at")
# Rates whose days or currency are missing at first.
HELD_CURRENCIES = ("PLN", "USD", "GBP", "CHF", "SEK")
# Columns that a file cannot lack; a correction keeps them, so that it is a version of its row, unless it moves it.
OWN = {
    "orders": ["order_id"],
    "order_lines": ["order_id", "line_id"],
    "payments": ["payment_id", "kind"],
    "payouts": ["movement_id"],
    "shipments": ["shipment_id", "line_id"],
    "tracking": ["shipment_id", "tracking_number", "status", "occurred_at"],
    "returns": ["return_id", "line_id", "status"],
    "stock": ["movement_id"],
    "inbound": ["po_id", "sku"],
    "products": ["sku"],
    "customers": ["customer_id"],
    "price_lists": ["price_list_id", "sku", "currency", "valid_from"],
    "carts": ["cart_id", "sku"],
    "feedback": ["feedback_id"],
    "actions": ["action_id"],
    "fx_rates": ["rate_date", "base", "quote"],
}


@dataclass(frozen=True)
class Corrections:
    """Way to change a world over several batches.

    Attributes:
        first: Share of the rows that the first batch holds; the others come later in any order.
        corrected: Corrections of each feed in each later batch.
        held_currency: Currency of which all rates come last.
        remaps: True if the mapping of the source changes before the last batch.
    """

    seed: int
    batches: int
    first: float
    corrected: int
    held_currency: str
    remaps: bool


corrections = st.builds(
    Corrections,
    seed=st.integers(0, 2**20),
    batches=st.sampled_from([2, 3, 4]),
    first=st.sampled_from([0.7, 0.9, 0.4]),
    corrected=st.sampled_from([4, 12, 1]),
    held_currency=st.sampled_from(HELD_CURRENCIES),
    remaps=st.sampled_from([False, False, True]),
)


def batches(world: Path, landing: Path, drawn: Corrections) -> list[dict[str, pl.DataFrame]]:
    """Return the files of each batch, by name, and declare their source in the landing."""
    chance = random.Random(drawn.seed)  # noqa: S311
    declared = (world / "sources.yaml").read_text()
    (landing / "sources.yaml").write_text(declared)
    made: list[dict[str, pl.DataFrame]] = [{} for _ in range(drawn.batches)]
    for feed in SENT:
        rows = pl.concat(pl.read_csv(file, infer_schema=False) for file in sorted(world.glob(f"{feed}-*.csv")))
        numbers = [
            drawn.batches - 1
            if feed == "fx_rates" and row["quote"] == drawn.held_currency
            else 0
            if chance.random() < drawn.first
            else chance.randrange(1, drawn.batches)
            for row in rows.iter_rows(named=True)
        ]
        for number in range(drawn.batches):
            piece = rows.filter(pl.Series([each == number for each in numbers]))
            if number:
                corrected = [_corrected(feed, rows, chance) for _ in range(drawn.corrected)]
                piece = pl.concat([piece, pl.DataFrame(corrected, schema=rows.schema, orient="row")])
            if piece.height:
                made[number][f"{feed}-{number}.csv"] = piece
    return made


def _corrected(feed: str, rows: pl.DataFrame, chance: random.Random) -> list[str | None]:
    """Return a row with one or two values of other rows, as a later or an earlier version, or at the same instant."""
    row = dict(rows.row(chance.randrange(rows.height), named=True))
    moves = chance.random() < 0.1
    columns = [name for name in rows.columns if moves or name not in OWN[feed]]
    for _ in range(chance.choice([1, 1, 2, 4])):
        column = chance.choice(columns)
        row[column] = rows[column][chance.randrange(rows.height)]
    for clock in CLOCKS:
        if row.get(clock) and clock not in OWN[feed]:
            row[clock] = _shifted(str(row[clock]), chance.choice([0, 1, 26, 400, -30]))
            break
    return list(row.values())


def _shifted(instant: str, hours: int) -> str:
    try:
        moved = datetime.fromisoformat(instant) + timedelta(hours=hours)
    except ValueError:  # a malformed row of the mess
        return instant
    return moved.isoformat()


def decide(chosen: Settings, chance: random.Random) -> None:
    """Repair some rows in quarantine with values of the world, discard one, and take one repair back."""
    mending = Mending(chosen)
    waiting = mending.rows("open")
    repairs = []
    for row in chance.sample(waiting, min(3, len(waiting))):
        try:
            repairs.append(mending.patch_one(row["quarantine_id"], GOOD))
        except OrderhouseError:
            continue
    mending.replay()
    if repairs and chance.random() < 0.5:
        mending.take_back(chance.choice(repairs))


# Values that mend whatever the mess of a simulated world breaks.
GOOD = {"quantity": "2", "currency": "EUR"}


def remap(landing: Path) -> None:
    """Change the mapping of the source, so that its files are reread and their earlier rows superseded."""
    declared = yaml.safe_load((landing / "sources.yaml").read_text())
    for source in declared["sources"].values():
        source["constants"] = {"legal_entity": "Another GmbH"}
    (landing / "sources.yaml").write_text(yaml.safe_dump(declared))
