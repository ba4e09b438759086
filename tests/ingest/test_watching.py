"""Tests of the watch: files that sources.yaml names start a run once they are quiet, and nothing else does."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from orderhouse.ingest import looking
from orderhouse.ingest.looking import Looks
from orderhouse.ingest.watching import News, Watch
from orderhouse.sources.config.sources_file import load_sources

from tests.s3_server import s3_server, set_s3_environment

SOURCES = """\
sources:
  shop:
    format: canonical
    feed: orders
    path: [in/*.csv, in/*.csv.gz]
"""


class Home:
    """A folder with a sources file, and its watch; `between` runs between the two looks of a round."""

    def __init__(self, folder: Path, sources: str = SOURCES) -> None:
        self.folder = folder
        self.state: dict[str, str] = {}
        self.between: Callable[[], None] = lambda: None
        (folder / "sources.yaml").write_text(sources)
        (folder / "in").mkdir()
        self.restart()

    def restart(self) -> None:
        """Begin a new process."""
        self.watch = Watch(0.0, Looks(patience_seconds=2.0), sleep=lambda seconds: self.between())

    def drop(self, name: str, text: str = "order_id\n1\n", age: float = 100.0) -> Path:
        """Put a file there that was written some seconds ago."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        os.utime(path, (time.time() - age,) * 2)
        return path

    def round(self) -> News:
        """Look, and keep the state as the sensor does."""
        for place in self.watch._looks._places.values():  # the rest after a slow look on a busy machine
            place.due_at = 0.0
        news = self.watch.round(load_sources(self.folder / "sources.yaml").sources.values(), self.state)
        self.state = news.state
        return news


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_new_file_is_news_once(home: Home) -> None:
    assert home.round().places == []
    home.drop("in/orders.csv")
    assert home.round().places == ["shop: in/*.csv"]
    assert home.round().places == []


def test_changed_file_is_news(home: Home) -> None:
    home.drop("in/orders.csv")
    home.round()
    home.drop("in/orders.csv", "order_id\n2\n", age=50.0)
    news = home.round()
    assert (news.places, news.files) == (["shop: in/*.csv"], 1)


def test_control_totals_that_come_later_are_news(home: Home) -> None:
    home.drop("in/orders.csv")
    home.round()
    home.drop("in/orders.csv.control.json", "{}")
    assert home.round().files == 1


@pytest.mark.parametrize("name", ["landing/orders.csv", "in/readme.txt", "in/.orders.csv", "in/orders.csv.part"])
def test_file_that_no_source_names_is_no_news(home: Home, name: str) -> None:
    home.drop(name)
    news = home.round()
    assert (news.places, news.is_arriving) == ([], False)


def test_removed_file_is_no_news_and_the_next_one_is(home: Home) -> None:
    home.drop("in/one.csv")
    gone = home.drop("in/two.csv")
    home.round()
    gone.unlink()
    assert home.round().places == []
    home.drop("in/three.csv")
    assert home.round().files == 1


def test_nothing_is_forgotten_or_told_twice_by_a_new_process(home: Home) -> None:
    home.drop("in/one.csv")
    home.round()
    home.restart()
    assert home.round().places == []
    home.restart()
    home.drop("in/two.csv")
    assert home.round().places == ["shop: in/*.csv"]


def test_file_that_changes_between_two_looks_waits(home: Home) -> None:
    path = home.drop("in/orders.csv")
    home.between = lambda: home.drop("in/orders.csv", path.read_text() + "2\n", age=1.0) and None
    news = home.round()
    assert news.places == [] and news.is_arriving
    home.between = lambda: None
    assert home.round().places == ["shop: in/*.csv"]


def test_file_that_a_program_has_open_waits_and_others_do_not(home: Home) -> None:
    with (home.folder / "in" / "open.csv").open("w") as writer:
        writer.write("order_id\n")
        writer.flush()
        home.drop("in/whole.csv")
        news = home.round()
        assert (news.files, news.is_arriving) == (1, True)
        assert home.round().places == []
    # Closed without another byte: size and time are those of before.
    news = home.round()
    assert (news.files, news.is_arriving) == (1, False)


def test_file_waits_for_the_settle_time_of_its_source(tmp_path: Path) -> None:
    home = Home(tmp_path, SOURCES + "    settle_seconds: 60\n")
    path = home.drop("in/orders.csv", age=30.0)
    assert home.round().is_arriving
    os.utime(path, (time.time() - 61,) * 2)
    assert home.round().files == 1


def test_files_of_a_bundle_that_several_patterns_name_are_looked_at_together(tmp_path: Path) -> None:
    home = Home(tmp_path, "sources:\n  olist:\n    format: olist\n    path: [a/*.csv, b/*.csv]\n")
    home.drop("a/olist_orders_dataset.csv")
    for name in ("order_items", "order_payments", "customers", "products", "order_reviews", "sellers"):
        home.drop(f"b/olist_{name}_dataset.csv")
    home.drop("b/stray.csv")
    assert home.round().places == ["olist"]


def test_state_of_a_place_that_sources_yaml_no_longer_names_is_dropped(home: Home) -> None:
    home.drop("in/orders.csv")
    home.round()
    (home.folder / "sources.yaml").write_text(SOURCES.replace("in/*.csv, ", ""))
    assert home.round().state == {}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Serve an S3 API."""
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """Create a bucket for one test, in the environment that every S3 tool reads."""
    set_s3_environment(monkeypatch, endpoint)
    name = f"feeds-{abs(hash(request.node.nodeid)) % 10**12}"
    return boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket=name)


def of_store(folder: Path, bucket: str) -> Home:
    return Home(folder, SOURCES.replace("in/*.csv.gz", f"s3://{bucket}/feeds/*.csv"))


def test_object_is_news_once_and_so_is_its_replacement(bucket: Any, tmp_path: Path) -> None:
    home = of_store(tmp_path, bucket.name)
    bucket.put_object(Key="elsewhere/orders.csv", Body=b"order_id\n1\n")
    assert home.round().places == []
    bucket.put_object(Key="feeds/orders.csv", Body=b"order_id\n1\n")
    assert home.round().places == [f"shop: s3://{bucket.name}/feeds/*.csv"]
    assert home.round().places == []
    bucket.put_object(Key="feeds/orders.csv", Body=b"order_id\n1\n2\n")
    assert home.round().files == 1


def test_object_replaced_between_two_looks_waits(bucket: Any, tmp_path: Path) -> None:
    home = of_store(tmp_path, bucket.name)
    bucket.put_object(Key="feeds/orders.csv", Body=b"order_id\n1\n")
    home.between = lambda: bucket.put_object(Key="feeds/orders.csv", Body=b"order_id\n1\n2\n") and None
    assert home.round().is_arriving
    home.between = lambda: None
    assert home.round().places == [f"shop: s3://{bucket.name}/feeds/*.csv"]


def test_store_that_refuses_stops_no_other_place_and_is_no_news_when_it_is_back(bucket: Any, tmp_path: Path) -> None:
    home = of_store(tmp_path, bucket.name)
    bucket.put_object(Key="feeds/orders.csv", Body=b"order_id\n1\n")
    home.round()
    bucket.delete_objects(Delete={"Objects": [{"Key": "feeds/orders.csv"}]})
    bucket.delete()
    home.drop("in/orders.csv")
    news = home.round()
    place = f"shop: s3://{bucket.name}/feeds/*.csv"
    assert news.places == ["shop: in/*.csv"]
    assert list(news.refused) == [place] and "there is no such bucket" in news.refused[place]
    assert place in news.state


@pytest.mark.parametrize(
    ("place", "reason"),
    [("s3://[a]/*.csv", "this is no address"), ("s3://key:secret@bucket/*.csv", "credentials do not belong")],
)
def test_place_that_is_no_address_stops_no_other(tmp_path: Path, place: str, reason: str) -> None:
    home = Home(tmp_path, SOURCES.replace("in/*.csv.gz", f"'{place}'"))
    home.drop("in/orders.csv")
    news = home.round()
    (sentence,) = news.refused.values()
    assert news.places == ["shop: in/*.csv"] and reason in sentence and "secret" not in sentence


def test_store_that_does_not_answer_delays_nothing(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    listed = looking.StoreFiles.find

    def slow(self: Any, pattern: str) -> Any:
        answers.wait(30)
        return listed(self, pattern)

    monkeypatch.setattr(looking.StoreFiles, "find", slow)
    home = of_store(tmp_path, bucket.name)
    home.watch = Watch(0.0, Looks(patience_seconds=0.2), sleep=lambda seconds: None)
    bucket.put_object(Key="feeds/orders.csv", Body=b"order_id\n1\n")
    home.drop("in/orders.csv")
    began = time.monotonic()
    news = home.round()
    assert time.monotonic() - began < 5
    assert news.places == ["shop: in/*.csv"]
    (sentence,) = news.refused.values()
    assert "does not answer" in sentence
    answers.set()
    home.watch._looks._patience_seconds = 5.0
    assert home.round().places == [f"shop: s3://{bucket.name}/feeds/*.csv"]
