"""Simulated worlds of many seeds in one home: every seed's ids and SKUs get a prefix, so that they never meet.

The worlds themselves come from `orderhouse simulate`, with its mess: duplicates, late rows, conflicts, orphans, unknown
words and malformed records.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.integration.running import run_orderhouse
from tests.oracle.rows import KEYS
from tests.oracle.simulated_campaigns import write_campaigns
from tests.oracle.simulated_prices import write_group_prices

__all__ = ["write_simulated"]

# Columns whose values name something of one world. Rates are of all worlds: the first one's are taken.
NAMES = frozenset(
    {
        "order_id",
        "original_order_id",
        "customer_id",
        "payment_id",
        "payout_id",
        "parent_payment_id",
        "return_id",
        "shipment_id",
        "movement_id",
        "reference",
        "po_id",
        "cart_id",
        "feedback_id",
        "action_id",
        "price_list_id",
        "sku",
    }
)


def write_simulated(folder: Path, seeds: range, orders: int = 40) -> Path:
    """Write the worlds of several seeds as one source, and return its sources file."""
    landing = folder / "landing"
    for seed in seeds:
        world = folder / f"seed-{seed}"
        levels = ("none", "light", "heavy", "heavy")
        options = {"--orders": orders, "--seed": seed, "--days": 60, "--mess": levels[seed % 4], "--to": world}
        given = (str(part) for option in options.items() for part in option)
        run_orderhouse("simulate", "--payouts", "--price-lists", *given, home=folder / "simulating")
        for path in sorted(world.glob("*.csv")):
            feed = path.name.rsplit("-", 1)[0]
            if feed != "fx_rates" or seed == seeds[0]:
                _copy(path, landing / feed / path.name, f"w{seed}-")
    write_campaigns(landing)
    write_group_prices(landing)
    declared = {
        feed.name: {"format": "canonical", "feed": feed.name, "path": f"landing/{feed.name}/*.csv", "covers": []}
        for feed in sorted(landing.iterdir())
    }
    for feed, source in declared.items():
        source["covers"] = [feed]
    declared["orders"]["covers"] = list(KEYS)
    # The source of the actions that operators take on this machine has this name.
    declared["operators"] = declared.pop("actions")
    declared["orders"]["actions_to"] = {
        "channel": "shop",
        "since": "2020-01-01",
        "kinds": ["hold", "release", "confirm"],
    }
    sources = folder / "sources.yaml"
    merchant = {"business_time_zone": "Europe/Berlin", "reporting_currency": "EUR"}
    sources.write_text(json.dumps({"merchant": merchant, "sources": declared}))  # JSON is YAML
    return sources


def _copy(path: Path, target: Path, prefix: str) -> None:
    """Append a file and put the prefix before every name; a record of another width stays as damaged as it is."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    header = rows[0]
    named = [number for number, name in enumerate(header) if name in NAMES]
    for row in rows[1:]:
        if len(row) == len(header):
            for number in named:
                row[number] = f"{prefix}{row[number]}" if row[number] else ""
    target.parent.mkdir(parents=True, exist_ok=True)
    is_new = not target.exists()
    with target.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows if is_new else rows[1:])
