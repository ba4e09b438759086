"""Tests with a real S3 API on this machine: feeds from a store, exports to one, and messages when it refuses."""

from __future__ import annotations

import gzip
import http.server
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.files.credentials import has_credentials
from orderhouse.files.object_stores import StoreRefused
from orderhouse.files.store_files import StoreFiles
from orderhouse.ingest import arrivals
from orderhouse.serve import places
from orderhouse.serve.exports import export
from orderhouse.serve.verifying import verify
from orderhouse.settings import Settings

from tests.ingest.landing import LINES_HEADER, ORDERS_HEADER, Landing, line, order, report
from tests.s3_server import s3_server, set_s3_environment
from tests.serve.built_home import make_version

SECRET = "not-to-be-seen-anywhere"
ORDERS = "select order_id from raw.orders where not _is_duplicate order by 1"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Serve an S3 API."""
    with s3_server() as address:
        yield address


@pytest.fixture(autouse=True)
def environment(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment variables that every S3 tool reads."""
    set_s3_environment(monkeypatch, endpoint, secret=SECRET)


@pytest.fixture
def bucket(endpoint: str, request: pytest.FixtureRequest) -> Any:
    """Create a bucket for one test."""
    name = f"feeds-{abs(hash(request.node.nodeid)) % 10**12}"
    return boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket=name)


@pytest.fixture
def shop(landing_folder: Path, bucket: Any) -> Landing:
    """Declare a source whose files are in the bucket."""
    landing = Landing(landing_folder)
    landing.declare(f"sources:\n  shop:\n    format: canonical\n    path: s3://{bucket.name}/feeds/*.csv*\n")
    return landing


@pytest.fixture
def landing_folder(tmp_path: Path) -> Path:
    """Return the folder of the sources file and the home."""
    return tmp_path


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the addresses of the objects that are downloaded."""
    addresses: list[str] = []
    download = StoreFiles.download

    def noted(stores: StoreFiles, address: str, into: Path) -> Any:
        addresses.append(address)
        return download(stores, address, into)

    monkeypatch.setattr(StoreFiles, "download", noted)
    return addresses


def put(bucket: Any, key: str, text: str) -> None:
    body = text.encode()
    bucket.put_object(Key=key, Body=gzip.compress(body, mtime=0) if key.endswith(".gz") else body)


def test_objects_are_loaded_like_files(shop: Landing, bucket: Any) -> None:
    put(bucket, "feeds/orders-1.csv.gz", ORDERS_HEADER + order(1) + order(2, currency="?"))
    put(bucket, "feeds/order_lines.csv", LINES_HEADER + line(1))
    put(bucket, "feeds/.orders-hidden.csv", ORDERS_HEADER + order(3))
    put(bucket, "feeds/orders-half.csv.part", ORDERS_HEADER + order(4))
    put(bucket, "feeds/deeper/orders.csv", ORDERS_HEADER + order(5))
    put(bucket, "elsewhere/orders.csv", ORDERS_HEADER + order(6))
    result = shop.ingest()
    assert sorted(each.path for each in result.files) == [
        f"s3://{bucket.name}/feeds/order_lines.csv",
        f"s3://{bucket.name}/feeds/orders-1.csv.gz",
    ]
    assert shop.query(ORDERS) == [("o1",)]
    assert shop.query("select record from raw.quarantine") == [(3,)]
    assert not shop.settings.incoming.exists()
    assert shop.ingest().batch_id is None


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("feeds", ["a.csv", "b.csv"]),
        ("feeds/", ["a.csv", "b.csv"]),
        ("feeds/a.csv", ["a.csv"]),
        ("feeds/[b-z].csv", ["b.csv"]),
        ("feeds/?.csv", ["a.csv", "b.csv"]),
        ("feeds/*/c.csv", ["2026/c.csv"]),
        ("feeds/**/*.csv", ["2026/c.csv", "2026/07/d.csv", "a.csv", "b.csv"]),
        ("nothing/*.csv", []),
        ("feeds/none.csv", []),
    ],
)
def test_patterns_name_objects_as_they_name_files(bucket: Any, pattern: str, found: list[str]) -> None:
    for key in ("a.csv", "b.csv", "2026/c.csv", "2026/07/d.csv"):
        put(bucket, f"feeds/{key}", "x")
    home = f"s3://{bucket.name}/"
    objects = [each.address.removeprefix(f"{home}feeds/") for each in StoreFiles().find(home + pattern)]
    assert sorted(objects) == sorted(found)


def test_a_key_with_blanks_and_signs_is_taken_as_it_is_written(shop: Landing, bucket: Any) -> None:
    put(bucket, "feeds/orders of März 50%+1.csv", ORDERS_HEADER + order(1))
    assert shop.ingest().count("loaded") == 1
    assert shop.query("select path from raw.files") == [(f"s3://{bucket.name}/feeds/orders of März 50%+1.csv",)]


def test_the_same_bytes_here_and_there_are_one_file(shop: Landing, bucket: Any) -> None:
    text = ORDERS_HEADER + order(1)
    shop.write("feeds/orders.csv", text)
    put(bucket, "feeds/orders-copied.csv", text)
    declared = shop.sources_file.read_text()
    shop.declare(declared.replace("path: ", "path: [feeds/*, ").rstrip() + "]\n")
    result = shop.ingest()
    assert report(result, "orders-copied.csv").reason == "The same content as feeds/orders.csv."
    (shop.folder / "feeds/orders.csv").unlink()
    assert "as feeds/orders.csv" in (report(shop.ingest(), "orders-copied.csv").reason or "")
    assert shop.query("select count(*) from raw.orders") == [(1,)]


def test_unchanged_objects_are_not_downloaded_again(
    shop: Landing, bucket: Any, brought: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        put(bucket, f"feeds/orders-{number}.csv", ORDERS_HEADER + order(number))
    shop.ingest()
    assert len(brought) == 3
    shop.ingest()
    assert len(brought) == 3
    put(bucket, "feeds/orders-1.csv", ORDERS_HEADER + order(7))
    assert shop.ingest().count("loaded") == 1
    assert brought[3:] == [f"s3://{bucket.name}/feeds/orders-1.csv"]
    asked: list[str] = []
    mark = StoreFiles.mark
    monkeypatch.setattr(StoreFiles, "mark", lambda stores, address: asked.append(address) or mark(stores, address))
    shop.ingest()
    assert len(asked) == 3
    monkeypatch.setattr(arrivals, "LISTING_CERTAINTY_SECONDS", -10.0)
    asked.clear()
    shop.ingest()
    assert (asked, len(brought)) == ([], 4)


def test_an_object_replaced_by_one_of_the_same_size_in_the_same_second_is_noticed(
    shop: Landing, bucket: Any, brought: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    find, instant = StoreFiles.find, time.time()
    monkeypatch.setattr(
        StoreFiles, "find", lambda stores, place: (replace(each, modified_at=instant) for each in find(stores, place))
    )
    put(bucket, "feeds/orders.csv", ORDERS_HEADER + order(1))
    shop.ingest()
    put(bucket, "feeds/orders.csv", ORDERS_HEADER + order(2))
    shop.ingest()
    assert shop.query(ORDERS) == [("o1",), ("o2",)]
    assert len(brought) == 2


def test_an_object_replaced_while_it_is_read_is_left_for_the_next_run(
    shop: Landing, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "feeds/orders.csv", ORDERS_HEADER + order(1))
    mark = StoreFiles.mark

    def late(stores: StoreFiles, address: str) -> str:
        put(bucket, "feeds/orders.csv", ORDERS_HEADER + order(2))
        return mark(stores, address)

    with monkeypatch.context() as patched:
        patched.setattr(StoreFiles, "mark", late)
        assert report(shop.ingest(), "orders.csv").status == "left"
    assert shop.query(ORDERS) == []
    assert report(shop.ingest(), "orders.csv").status == "loaded"
    assert shop.query(ORDERS) == [("o2",)]


def test_a_changed_mapping_reads_the_objects_again(shop: Landing, bucket: Any, brought: list[str]) -> None:
    put(bucket, "feeds/orders.csv", ORDERS_HEADER + order(1))
    shop.ingest()
    shop.declare(shop.sources_file.read_text() + "    constants: {channel: store}\n")
    assert shop.ingest().count("loaded") == 1
    assert len(brought) == 2
    assert shop.query("select channel from raw.orders where _batch_id = 2") == [("store",)]


CHECKS = "select path, origin, measure, status, batch_id from raw.controls order by batch_id, measure"
SIDE = ".control.json"


def test_totals_beside_an_object_are_checked_and_no_feed(shop: Landing, bucket: Any, brought: list[str]) -> None:
    shop.declare(f"sources:\n  shop: {{format: canonical, path: s3://{bucket.name}/feeds}}\n")
    put(bucket, "feeds/order_lines.csv", LINES_HEADER + line(1) + line(2))
    put(bucket, f"feeds/order_lines.csv{SIDE}", '{"rows": 2, "sums": {"unit_price": "21.00"}}')
    result = shop.ingest()
    place = f"s3://{bucket.name}/feeds/order_lines.csv"
    assert [each.path for each in result.files] == [place]
    assert result.notes == [f"{place}{SIDE} states 21.00 of unit_price, but the rows of {place} sum to 20."]
    assert shop.query(CHECKS) == [
        (place, place + SIDE, "rows", "passed", 1),
        (place, place + SIDE, "unit_price", "failed", 1),
    ]
    assert sorted(brought) == [place, place + SIDE]
    assert not shop.settings.incoming.exists()


def test_totals_beside_an_object_may_come_late_and_be_corrected(shop: Landing, bucket: Any, brought: list[str]) -> None:
    place = f"s3://{bucket.name}/feeds/orders.csv.gz"
    put(bucket, "feeds/orders.csv.gz", ORDERS_HEADER + order(1))
    shop.ingest()
    put(bucket, f"feeds/orders.csv.gz{SIDE}", '{"rows": 2}')
    assert shop.ingest().notes == [f"{place}{SIDE} states 2 rows, but {place} has 1."]
    put(bucket, f"feeds/orders.csv.gz{SIDE}", '{"rows": 1}')
    assert shop.ingest().controls_failed == 0
    assert [(row[3], row[4]) for row in shop.query(CHECKS)] == [("failed", 2), ("passed", 3)]
    assert shop.query("select count(*) from raw.orders") == [(1,)]
    brought.clear()
    assert [shop.ingest().changed for _ in range(2)] == [False, False]
    assert brought == [], "what is known and checked is not downloaded again, nor is what lies beside it"


@pytest.mark.parametrize("path", ["feeds/orders.csv", "feeds/*.csv", "**/orders.csv"])
def test_totals_are_found_beside_an_object_however_it_is_named(shop: Landing, bucket: Any, path: str) -> None:
    shop.declare(f"sources:\n  shop: {{format: canonical, path: 's3://{bucket.name}/{path}'}}\n")
    put(bucket, "feeds/orders.csv", ORDERS_HEADER + order(1))
    put(bucket, f"feeds/orders.csv{SIDE}", '{"rows": 1}')
    result = shop.ingest()
    assert (len(result.files), result.controls_checked, result.controls_failed) == (1, 1, 0)


def test_an_object_that_is_not_as_its_totals_say_may_be_refused_until_they_are_corrected(
    shop: Landing, bucket: Any
) -> None:
    shop.declare(shop.sources_file.read_text() + "    control: {on_mismatch: reject}\n")
    put(bucket, "feeds/orders.csv", ORDERS_HEADER + order(1))
    put(bucket, f"feeds/orders.csv{SIDE}", '{"rows": "many"}')
    assert "states no totals of" in (report(shop.ingest(), "orders.csv").reason or "")
    assert shop.query(ORDERS) == []
    put(bucket, f"feeds/orders.csv{SIDE}", '{"rows": 1}')
    assert report(shop.ingest(), "orders.csv").status == "loaded"


def test_a_side_file_that_the_store_does_not_give_leaves_its_object_for_the_next_run(
    shop: Landing, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "feeds/orders-1.csv", ORDERS_HEADER + order(1))
    put(bucket, "feeds/orders-2.csv", ORDERS_HEADER + order(2))
    put(bucket, f"feeds/orders-1.csv{SIDE}", '{"rows": 1}')
    download = StoreFiles.download

    def refusing(stores: StoreFiles, address: str, into: Path) -> Any:
        if address.endswith(SIDE):
            raise StoreRefused(address, "access is denied.")
        return download(stores, address, into)

    with monkeypatch.context() as patched:
        patched.setattr(StoreFiles, "download", refusing)
        assert report(shop.ingest(), "orders-1.csv").status == "unreachable"
    assert shop.query(ORDERS) == [("o2",)]
    assert shop.ingest().controls_checked == 1
    assert shop.query(ORDERS) == [("o1",), ("o2",)]


def test_a_store_that_refuses_a_late_check_is_named_and_asked_again(
    shop: Landing, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "feeds/orders.csv", ORDERS_HEADER + order(1))
    shop.ingest()
    put(bucket, f"feeds/orders.csv{SIDE}", '{"rows": 1}')
    download = StoreFiles.download

    def refusing(stores: StoreFiles, address: str, into: Path) -> Any:
        if address.endswith(".csv"):
            raise StoreRefused(address, "access is denied.")
        return download(stores, address, into)

    with monkeypatch.context() as patched:
        patched.setattr(StoreFiles, "download", refusing)
        (note,) = shop.ingest().notes
    assert "its control totals were not checked" in note and "access is denied" in note
    assert shop.ingest().controls_checked == 1


def test_one_store_that_refuses_keeps_no_other_source_from_loading(
    shop: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.declare(
        "sources:\n  far: {format: canonical, path: s3://no-such-bucket/*.csv}\n"
        "  near: {format: canonical, path: feeds/*}\n"
    )
    shop.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    result = shop.ingest()
    assert (result.count("loaded"), result.count("unreachable")) == (1, 1)
    assert result.notes[0].startswith(
        "Source far could not be read: s3://no-such-bucket/*.csv: there is no such bucket. Check the name"
    )


def test_a_store_that_is_down_is_told_in_a_sentence_and_made_up_for(
    shop: Landing, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "feeds/orders.csv", ORDERS_HEADER + order(1))
    with monkeypatch.context() as down:
        down.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        (note,) = shop.ingest().notes
    assert "the store does not answer" in note and SECRET not in note
    assert shop.ingest().count("loaded") == 1


REFUSALS = {
    (403, "AccessDenied"): "access is denied",
    (403, "InvalidAccessKeyId"): "does not know this access key",
    (403, "SignatureDoesNotMatch"): "the secret key does not fit",
    (400, "ExpiredToken"): "the credentials have expired",
    (301, "PermanentRedirect"): "in another region",
}


@pytest.mark.parametrize(("answer", "sentence"), REFUSALS.items())
def test_what_a_store_refuses_is_told_in_plain_words(
    shop: Landing, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str], sentence: str
) -> None:
    status, code = answer

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/xml")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    try:
        (note,) = shop.ingest().notes
    finally:
        server.shutdown()
        server.server_close()
    assert sentence in note and "AWS Error" not in note and SECRET not in note


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove all credentials from the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "no-such-file"))


def test_without_credentials_a_refusal_names_the_object_once_and_says_what_to_set(
    shop: Landing, bucket: Any, nobody: None
) -> None:
    put(bucket, "feeds/orders.csv", ORDERS_HEADER + order(1))
    (note,) = shop.ingest().notes
    assert note.startswith(
        f"s3://{bucket.name}/feeds/orders.csv: access is denied, and no credentials were found. "
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )
    assert note.count("s3://") == 1


def test_credentials_of_a_profile_are_credentials(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = key\n[profile shop]\nrole_arn = arn\n[empty]\nregion = x\n")
    places = {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_CONFIG_FILE": str(file)}
    found = {name: has_credentials(places | {"AWS_PROFILE": name}) for name in ("", "shop", "empty", "none")}
    assert found == {"": True, "shop": True, "empty": False, "none": False}
    file.write_text("no profile at all")
    assert not has_credentials(places)
    assert has_credentials(places | {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"})
    assert not has_credentials(places | {"AWS_ACCESS_KEY_ID": "key"})


def test_an_export_that_the_store_keeps_otherwise_is_taken_away_and_both_sizes_are_said(
    published: Settings, bucket: Any, nobody: None
) -> None:
    place = f"s3://{bucket.name}/exports"
    with pytest.raises(OrderhouseError) as caught:
        export(published, ["ops.orders"], format="csv", to=place)
    said = re.fullmatch(
        rf"{place}: orders.csv has ([\d,]+) bytes, but ([\d,]+) are in the store, so the object was deleted. "
        r"The request was not signed: no credentials were found\. Set .*",
        str(caught.value),
    )
    assert said and said[1] != said[2]
    assert [each.key for each in bucket.objects.all() if not each.key.endswith("/")] == []


def test_credentials_in_an_address_are_refused_and_not_repeated(shop: Landing) -> None:
    shop.declare(f"sources:\n  shop: {{format: canonical, path: 's3://key:{SECRET}@bucket/*.csv'}}\n")
    (note,) = shop.ingest().notes
    assert "credentials do not belong in an address" in note and SECRET not in note
    with pytest.raises(OrderhouseError) as caught:
        export(make_version(shop.folder / "other")[0], ["orders"], format="csv", to=f"s3://key:{SECRET}@bucket/x")
    assert SECRET not in str(caught.value)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a home with one version."""
    return make_version(tmp_path_factory.mktemp("home"))[0]


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_an_export_to_a_store_is_verified_from_there(published: Settings, bucket: Any, format: str) -> None:
    place = f"s3://{bucket.name}/exports/today"
    manifest = export(published, ["ops.orders"], format=format, to=place, partition_by=["is_late"])
    keys = {each.key.removeprefix("exports/today/") for each in bucket.objects.all() if not each.key.endswith("/")}
    assert keys == {"manifest.json", *(file.path for file in manifest.tables[0].files)}
    found = verify(published, f"{place}/manifest.json")
    assert found.passed and found.is_derived
    changed = manifest.tables[0].files[0].path
    put(bucket, f"exports/today/{changed}", "something else")
    assert verify(published, place).problems == [f"{changed} is not the file that was exported: its SHA-256 differs."]
    bucket.Object(f"exports/today/{changed}").delete()
    assert verify(published, place).problems == [f"{changed} is missing."]


def test_an_export_that_stops_half_way_has_no_manifest_not_even_the_last_one(
    published: Settings, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"s3://{bucket.name}/exports"
    export(published, ["ops.orders", "order_lines"], format="csv", to=place)

    def stopping(source: Any, sink: Any, size: int) -> None:
        sink.write(source.read(100))
        raise OSError("the line is down")

    with monkeypatch.context() as patched:
        patched.setattr(places.shutil, "copyfileobj", stopping)
        with pytest.raises(OrderhouseError, match="the line is down"):
            export(published, ["ops.orders", "order_lines"], format="csv", to=place)
    keys = {each.key for each in bucket.objects.all() if not each.key.endswith("/")}
    assert keys == {"exports/order_lines.csv"}
    with pytest.raises(OrderhouseError, match=f"There is no manifest manifest.json at s3://{bucket.name}/exports"):
        verify(published, place)
    export(published, ["ops.orders", "order_lines"], format="csv", to=place)
    assert verify(published, place).passed


def test_the_command_exports_to_a_store_and_says_how_to_verify(
    published: Settings, bucket: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"s3://{bucket.name}/out"
    assert run_command(["export", "ops.orders", "--to", place, "--home", str(published.home)]) == 0
    assert f"orderhouse verify {place}/manifest.json" in capsys.readouterr().out
    assert run_command(["verify", f"{place}/manifest.json", "--home", str(published.home)]) == 0
    assert run_command(["export", "ops.orders", "--to", "s3://no-such-bucket/x", "--home", str(published.home)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("s3://no-such-bucket/x: there is no such bucket.")
    assert SECRET not in said
