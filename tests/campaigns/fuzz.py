"""Campaign of damaged files: every file is loaded or rejected in words, and every row of it is somewhere.

A unit delivers 250 damaged files of the feeds and of real payloads to one home, in two sources for each format. It
counts what became of them, and compares the ledger with the tables.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from orderhouse.contracts import CONTRACTS
from orderhouse.sources.formats import FORMATS

from tests.campaigns.record import carry_on, sums
from tests.ingest.landing import Landing
from tests.properties.mangling import _KINDS, NASTY, Mutation, mangled, packed
from tests.properties.specimens import Specimen, of_examples, of_feeds

FILES_PER_UNIT = 250
MILD = ("replace value", "replace value", "replace value", "swap lines")
VALUES = ("", "-1", "0", "1e400", "NaN", "2026-02-30", "9999-12-31T23:59:59Z", "EUR", "=1+1", "ann@example.com", "Ω")
JSON_VALUES = ("null", "true", "[]", "{}", "-1", "0.001", "1e400", *(f'"{value}"' for value in VALUES))
PACKINGS = ("plain", "plain", "plain", "gzip", "zstd")


def one_unit(number: int) -> dict[str, Any]:
    """Deliver and ingest the files of a unit, twice; return the counts and what went wrong."""
    chance = random.Random(number)  # noqa: S311 - a reproducible campaign
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        landing = Landing(Path(folder))
        contents = _deliver(landing, chance)
        try:
            counts, problems = _judged(landing, contents)
        except Exception as error:  # noqa: BLE001 - any escape is a finding
            counts, problems = Counter(), [f"{type(error).__name__}: {str(error)[:300]}"]
    return {"files": contents, **counts, "seconds": round(time.monotonic() - began, 1), "problems": problems}


def _deliver(landing: Landing, chance: random.Random) -> int:
    """Write the damaged files and the sources file; return the number of files."""
    specimens = good_specimens()
    formats: set[str] = set()
    for position in range(FILES_PER_UNIT):
        specimen = chance.choice(specimens)
        [(name, content)] = specimen.files
        damaged = packed(mangled(content, _damage(chance, name)), chance.choice(PACKINGS))
        formats.add(specimen.format)
        _write(landing, specimen, str(position), damaged)
    _declare(landing, formats)
    return FILES_PER_UNIT


@cache
def good_specimens() -> list[Specimen]:
    """Return the specimens of one file that are loaded as they are: feeds in every kind of file, and real payloads."""
    specimens = [*_singles(of_feeds()), *_singles(of_examples())]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        landing = Landing(Path(folder))
        names = {_write(landing, each, str(number), each.files[0][1]): each for number, each in enumerate(specimens)}
        _declare(landing, {each.format for each in specimens})
        loaded = {each.path for each in landing.ingest().files if each.status == "loaded" and each.rows_in}
    return [specimen for name, specimen in names.items() if name in loaded]


def _write(landing: Landing, specimen: Specimen, position: str, content: bytes) -> str:
    """Write a file under a name that its format recognises; return the name."""
    [(given, _)] = specimen.files
    name = f"{specimen.format}/{specimen.feed or Path(given).stem}-{position}{Path(given).suffix or '.bin'}"
    landing.write(name, content)
    return name


def _declare(landing: Landing, formats: set[str]) -> None:
    sources = {name: {"format": name, "path": f"{name}/*"} for name in sorted(formats)}
    landing.declare(yaml.safe_dump({"sources": sources}))


def _singles(specimens: list[Specimen]) -> list[Specimen]:
    """Return specimens of one file; batches of a table are no files that somebody delivers."""
    single = (each for each in specimens if not FORMATS[each.format].is_bundle and len(each.files) == 1)
    return [each for each in single if each.format != "table"]


def _damage(chance: random.Random, name: str) -> list[Mutation]:
    """Return damage of a few values, after which most files are still read, or damage of any kind."""
    if chance.random() < 0.7:
        values = JSON_VALUES if name.endswith("json") else VALUES
        return [
            Mutation(chance.choice(MILD), chance.random(), chance.random(), chance.choice(values).encode())
            for _ in range(chance.randint(1, 8))
        ]
    return [_mutation(chance) for _ in range(chance.randint(1, 4))]


def _mutation(chance: random.Random) -> Mutation:
    piece = chance.choice(NASTY) if chance.random() < 0.5 else chance.randbytes(chance.randint(0, 20))
    return Mutation(chance.choice(sorted(_KINDS)), chance.random(), chance.random(), piece)


def _judged(landing: Landing, delivered: int) -> tuple[Counter[str], list[str]]:
    """Ingest twice; return the counts, and a sentence for each row or file that is not accounted for."""
    result = landing.ingest()
    problems = []
    counts = Counter({f"{status}_files": number for status, number in Counter(_statuses(result.files)).items()})
    if len({each.path for each in result.files}) != delivered:
        problems.append(f"{delivered} files were delivered, and {len(result.files)} are reported")
    if not counts.keys() <= {"loaded_files", "rejected_files", "skipped_files"}:
        problems.append(f"unknown outcomes {sorted(counts)}")
    [(rows_in, accepted, duplicate, quarantined)] = landing.query(
        "select sum(rows_in), sum(accepted), sum(duplicate), sum(quarantined) from raw.files where role = 'primary'"
    )
    counts.update(rows_in=int(rows_in), accepted=int(accepted), duplicate=int(duplicate), quarantined=int(quarantined))
    wrong = landing.query("select path from raw.files where rows_in <> accepted + duplicate + quarantined")
    problems += [f"the counts of {path} do not add up" for (path,) in wrong]
    [(kept, waiting)] = landing.query(
        "select coalesce(sum(accepted + duplicate), 0), coalesce(sum(quarantined), 0) from raw.files"
    )
    stored = sum(landing.query(f"select count(*) from raw.{feed}")[0][0] for feed in CONTRACTS)
    if stored != kept:
        problems.append(f"the ledger says {kept} rows and the tables hold {stored}")
    if landing.query("select count(*) from raw.quarantine")[0][0] != waiting:
        problems.append("the ledger and the quarantine differ")
    if set(_statuses(landing.ingest().files)) - {"skipped"}:
        problems.append("a second receipt loaded a file again")
    return counts, problems


def _statuses(files: Any) -> list[str]:
    return [each.status for each in files]


def main() -> int:
    """Carry a campaign on, and print its sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder of the record")
    parser.add_argument("--inputs", type=int, default=50_000, help="damaged files in all")
    parser.add_argument("--seconds", type=float, help="time after which no further unit begins")
    given = parser.parse_args()
    units = carry_on(given.folder / "fuzz.jsonl", given.inputs // FILES_PER_UNIT, one_unit, seconds=given.seconds)
    total = sums(units)
    print(total)
    return 1 if total["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
