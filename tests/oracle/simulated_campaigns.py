"""Campaigns and suppressions of simulated worlds, with members drawn from the customers by a hash."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

__all__ = ["write_campaigns"]

# Days after the first order at which each campaign starts, and days of its window.
CAMPAIGNS = {"early": (5, 20), "late": (30, 400), "tiny": (10, 7)}
MEMBER_COLUMNS = (
    "campaign_id", "customer_key", "assigned_at", "arm", "attribution_days", "purpose", "channel", "title",
)  # fmt: skip


def write_campaigns(landing: Path) -> None:
    """Write both feeds into a folder of feeds, with a row that came twice and one that two files tell differently."""
    orders = [row for path in sorted((landing / "orders").glob("*.csv")) for row in _rows(path)]
    placed = sorted(at for row in orders if (at := _instant(row.get("placed_at"))))
    customers = sorted({f"c:{row['customer_id']}" for row in orders if row.get("customer_id")})
    members = [
        [name, key, (placed[0] + timedelta(days=day)).isoformat(), arm, str(days), "news", "email", name.title()]
        for name, (day, days) in CAMPAIGNS.items()
        for key in customers
        if (arm := _arm(name, key))
    ]
    _write(landing / "campaign_members" / "one.csv", MEMBER_COLUMNS, [*members, members[0]])
    other = [*members[0][:3], "held_out" if members[0][3] == "treated" else "treated", *members[0][4:]]
    _write(landing / "campaign_members" / "two.csv", MEMBER_COLUMNS, [other])
    decisions = [
        [f"{number}", _hex(key)[:32], purpose, kind, (placed[0] + timedelta(days=number % 5)).isoformat()]
        for number, key in enumerate(customers)
        for purpose, kind in [("all", "imported"), ("news", "unsubscribed"), ("news", "resumed")][number % 3 :]
    ]
    numbered = [[f"{number}", *each[1:]] for number, each in enumerate(decisions)]
    columns = ("suppression_id", "recipient", "purpose", "kind", "occurred_at")
    _write(landing / "suppressions" / "one.csv", columns, numbered)


def _arm(campaign: str, key: str) -> str:
    """Return the arm; an empty text for who is no member. The tiny campaign holds out one person at most."""
    digit = int(_hex(campaign + key)[0], 16)
    if campaign == "tiny":
        return {0: "treated", 1: "treated", 2: "global_control"}.get(digit, "")
    return "" if digit < 4 else "held_out" if digit < 8 else "global_control" if digit == 8 else "treated"


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _write(path: Path, columns: tuple[str, ...], rows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])
