"""Record of a campaign: one JSON line per unit of work, and the sums over all of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["carry_on", "sums"]

Unit = dict[str, Any]


def carry_on(record: Path, units: int, work: Callable[[int], Unit], *, seconds: float | None = None) -> list[Unit]:
    """Do the units that the record lacks, and return the lines of all of them.

    Args:
        record: File of the record; it is created.
        units: Number of units in all.
        work: Does the unit of a number, and returns its counts and the list `problems`.
        seconds: Time after which no further unit begins.
    """
    record.parent.mkdir(parents=True, exist_ok=True)
    done = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    began = time.monotonic()
    with record.open("a") as lines:
        for number in range(len(done), units):
            if seconds is not None and time.monotonic() - began > seconds:
                break
            unit = {"unit": number, **work(number)}
            lines.write(json.dumps(unit) + "\n")
            lines.flush()
            done.append(unit)
            print(f"{number + 1} of {units}: {_shown(unit)}", flush=True)
    return done


def sums(units: list[Unit]) -> Unit:
    """Return the sum of every count, and all problems with the numbers of their units."""
    total: Unit = {"units": len(units), "problems": []}
    for unit in units:
        for name, value in unit.items():
            if name == "problems":
                total["problems"] += [f"unit {unit['unit']}: {problem}" for problem in value]
            elif name != "unit":
                total[name] = round(total.get(name, 0) + value, 1)
    return total


def _shown(unit: Unit) -> str:
    return " ".join(f"{name}={value}" for name, value in unit.items() if name not in ("unit", "problems") or value)
