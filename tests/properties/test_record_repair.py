"""Tests that a repaired record gives the same result as a record that was never broken.

The test breaks one value of one record of a real slice. It reads the record as received, finds the bad value and
records the good one as a repair. The live rows, the quarantine and the counts must then equal those of the unbroken
file.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, reject, settings
from hypothesis import strategies as st
from orderhouse.ingest.trial import check_sources
from orderhouse.receive import receive
from orderhouse.repair.records import RecordReader
from orderhouse.repair.state import Selection, quarantined
from orderhouse.settings import Settings, load_settings
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.transform import build
from orderhouse.vault.originals import Originals

from tests.ingest.live_rows import what_counts
from tests.integration.published_tables import differing_tables, table_hashes
from tests.integration.running import data_folder, same_keys
from tests.properties.real_feeds import SOURCES, RealFeed, real_feeds, write_rates
from tests.properties.thoroughness import times
from tests.repair.mending import Mending

BAD = "some nonsense §"
AS_OF = "2027-01-01T00:00:00Z"
# Fields that are broken in a record, by the ends of their names. Not every such value is checked by a rule.
TELLING = (
    "_at",
    "date",
    "_date",
    "created",
    "quantity",
    "amount",
    "price",
    "value",
    "timestamp",
    "datetime",
    "currency",
)
FORMATS = ("online_retail", "olist", "shopify", "woocommerce", "stripe", "easypost")
PIECES = 40
TRIES = 30

Counted = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def feeds() -> dict[str, RealFeed]:
    """Return the slices, by source."""
    return {feed.name: feed for feed in real_feeds(data_folder())}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose keys all others share, so that tokens can be compared."""
    home = tmp_path_factory.mktemp("keys")
    _ingested(home, _landing(tmp_path_factory.mktemp("nothing")))
    return home


@pytest.fixture(scope="module")
def unbroken() -> dict[tuple[str, str], Counted]:
    """Return an empty cache of the results of each source without broken records."""
    return {}


@pytest.mark.parametrize("name", FORMATS)
@settings(
    max_examples=times(2, many=60),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(seed=st.integers(0, 2**32))
def test_a_repaired_record_gives_all_that_it_gives_when_it_was_never_broken(
    name: str,
    feeds: dict[str, RealFeed],
    keys: Path,
    unbroken: dict[tuple[str, str], Counted],
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
) -> None:
    chance, feed = random.Random(seed), feeds[name]  # noqa: S311
    sent = chance.choice(sorted(feed.as_sent))
    pieces = list(feed.as_sent[sent])[:PIECES]
    if (name, sent) not in unbroken:
        landing = _landing(tmp_path_factory.mktemp("whole"))
        feed.write(landing / name / "part", pieces)
        unbroken[name, sent] = what_counts(_ingested(_home(tmp_path_factory, keys), landing))
    landing = _landing(tmp_path_factory.mktemp("landing"))
    feed.write(landing / name / "part", pieces)
    good = _broken(load_settings(home=keys, sources=landing / "sources.yaml"), name, chance)
    chosen = _ingested(_home(tmp_path_factory, keys), landing)
    assert what_counts(chosen) != unbroken[name, sent]
    place = _found(chosen)
    assume(place is not None)
    quarantine_id, field = place
    Mending(chosen).repair_record(quarantine_id, {field: good})
    assert what_counts(chosen) == unbroken[name, sent]
    before = what_counts(chosen)
    assert receive(chosen).batch_id is None, "once is enough"
    assert what_counts(chosen) == before


def test_every_published_table_is_that_of_the_unbroken_records(
    feeds: dict[str, RealFeed], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Tables are built before the repair and after it, so that rows from the broken records must disappear."""
    names, chance = ("online_retail", "olist", "shopify"), random.Random(7)  # noqa: S311
    homes = [tmp_path_factory.mktemp(each) for each in ("good", "bad")]
    good, bad = (
        load_settings(home=home, sources=_landing(tmp_path_factory.mktemp("landing")) / "sources.yaml")
        for home in homes
    )
    for chosen in (good, bad):
        for name in names:
            sent = min(feeds[name].as_sent)
            feeds[name].write(chosen.sources_file.parent / name / "part", feeds[name].as_sent[sent][:PIECES])
    receive(good)
    build(good, as_of=AS_OF)
    same_keys(*homes)
    values = {name: _broken(bad, name, chance) for name in names}
    receive(bad)
    build(bad, as_of=AS_OF)
    assert differing_tables(table_hashes(good.warehouse_db), table_hashes(bad.warehouse_db))
    while (place := _found(bad, states=("open",))) is not None:
        quarantine_id, field = place
        Mending(bad).repair_record(quarantine_id, {field: values.pop(_source_of(bad, quarantine_id))})
    assert not values
    build(bad, as_of=AS_OF)
    assert differing_tables(table_hashes(good.warehouse_db), table_hashes(bad.warehouse_db)) == []


def _source_of(chosen: Settings, quarantine_id: str) -> str:
    (row,) = [row for row in Mending(chosen).rows() if row["quarantine_id"] == quarantine_id]
    return str(row["source"])


def _found(chosen: Settings, states: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """Find a quarantined row whose record has the bad value; return its id and the field."""
    mending = Mending(chosen)
    with mending.opened() as (raw, vault):
        reader = RecordReader(raw, vault, Originals(chosen, vault.keys), load_sources(chosen.sources_file).sources)
        for row in quarantined(raw, Selection(states=states or None)):
            (received,) = reader.read(row["source"], row["file_id"], row["record"]).received.values()
            for name, value in received.fields.items():
                if value == BAD:
                    return row["quarantine_id"], name
    return None


def _broken(chosen: Settings, name: str, chance: random.Random) -> str:
    """Break one value of a source so that one more row is quarantined; return how the good value is given."""
    files = sorted(path for path in (chosen.sources_file.parent / name).rglob("*") if path.is_file())
    before = _in_quarantine(chosen, name)
    for _ in range(TRIES):
        file = chance.choice(files)
        content = file.read_bytes()
        good = (_broken_json if file.suffix == ".json" else _broken_csv)(file, chance)
        if good is not None and _in_quarantine(chosen, name) > before:
            return good
        file.write_bytes(content)
    return reject()


def _in_quarantine(chosen: Settings, name: str) -> int:
    (trial,) = check_sources(chosen, name)
    return sum(feed.quarantined.total() for feed in trial.feeds.values())


def _broken_csv(file: Path, chance: random.Random) -> str | None:
    with file.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    columns = [place for place, name in enumerate(header) if name.lower().endswith(TELLING)]
    if not columns or not rows:
        return None
    row, column = chance.choice(rows), chance.choice(columns)
    good, row[column] = row[column], BAD
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return good


def _broken_json(file: Path, chance: random.Random) -> str | None:
    content = json.loads(file.read_text())
    leaves = [(holder, key) for holder, key in _leaves(content) if str(key).lower().endswith(TELLING)]
    if not leaves:
        return None
    holder, key = chance.choice(leaves)
    good, holder[key] = holder[key], BAD
    file.write_text(json.dumps(content))
    is_plain = isinstance(good, str) and good and good[0] not in '{["' and good not in ("true", "false", "null")
    return good if is_plain else json.dumps(good)


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        if isinstance(part, dict | list):
            yield from _leaves(part)
        else:
            yield value, key


def _landing(folder: Path) -> Path:
    for name in FORMATS:
        (folder / name).mkdir()
    (folder / "sources.yaml").write_text(SOURCES)
    write_rates(folder / "rates.csv")
    return folder


def _home(factory: pytest.TempPathFactory, keys: Path) -> Path:
    home = factory.mktemp("home")
    same_keys(keys, home)
    return home


def _ingested(home: Path, landing: Path) -> Settings:
    chosen = load_settings(home=home, sources=landing / "sources.yaml")
    receive(chosen)
    return chosen
