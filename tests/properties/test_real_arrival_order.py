"""Tests with real feeds that the state depends on the set of rows only: the way that they arrive changes no table.

A wholesaler's invoices, a marketplace's orders and the API responses of four platforms are delivered to one merchant as
they were sent. They are delivered again shuffled, in other files and partly twice, with a build after each delivery.

Pieces that a format needs complete are not cut. The lines of an invoice are numbered within its file, so an invoice is
never split over two files. The seven files of a bundle contain all rows of their orders.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.integration.published_tables import differing_tables
from tests.integration.running import data_folder, same_keys
from tests.properties.delivering import Delivery, Hashes, built, deliveries, portions, repeated
from tests.properties.real_feeds import SOURCES, RealFeed, real_feeds, write_rates
from tests.properties.thoroughness import times

AS_OF = "2018-10-01T00:00:00Z"


@pytest.fixture(scope="module")
def feeds() -> list[RealFeed]:
    """Return the slices."""
    return real_feeds(data_folder())


@pytest.fixture(scope="module")
def as_sent_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a home to which everything arrives as the sources sent it, in one delivery."""
    return tmp_path_factory.mktemp("as_sent")


@pytest.fixture(scope="module")
def as_sent(feeds: list[RealFeed], as_sent_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Hashes:
    """Return the hashes of the tables of that home."""
    landing = _landing(tmp_path_factory.mktemp("landing"), feeds)
    for feed in feeds:
        for name, pieces in feed.as_sent.items():
            feed.write(landing / feed.name / name, pieces)
    return built(as_sent_home, landing / "sources.yaml", AS_OF)


@settings(
    max_examples=times(1, many=40),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(delivery=deliveries)
def test_how_real_feeds_arrive_changes_no_table(
    feeds: list[RealFeed],
    as_sent: Hashes,
    as_sent_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
    delivery: Delivery,
) -> None:
    home, landing = tmp_path_factory.mktemp("home"), _landing(tmp_path_factory.mktemp("landing"), feeds)
    same_keys(as_sent_home, home)
    chance = random.Random(delivery.seed)  # noqa: S311
    hashes: Hashes = {}
    files = [
        (number, feed, name, pieces)
        for feed in feeds
        for rows in [repeated(feed.pieces, delivery, chance)]
        for number, name, pieces in portions("part", rows, len(rows), delivery, chance)
    ]
    for number in range(delivery.deliveries):
        for _, feed, name, pieces in (file for file in files if file[0] == number):
            feed.write(landing / feed.name / name, pieces)
        hashes = built(home, landing / "sources.yaml", AS_OF, final=number == delivery.deliveries - 1)
    assert differing_tables(hashes, as_sent) == []


def _landing(folder: Path, feeds: list[RealFeed]) -> Path:
    """Return a landing that declares the sources and has the rates."""
    (folder / "sources.yaml").write_text(SOURCES)
    write_rates(folder / "rates.csv")
    for feed in feeds:
        (folder / feed.name).mkdir()
    return folder
