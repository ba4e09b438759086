"""Tests of a full disk, a read-only home and a missing permission: plain message, no partial state, later retry."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orderhouse.cli.application import run_command
from orderhouse.serve.publishing import list_versions, publish
from orderhouse.settings import Settings
from orderhouse.storage.machine_errors import machine_problem
from orderhouse.transform import build, dbt
from orderhouse.transform import building as building_module

from tests.ingest.landing import LINES_HEADER, ORDERS_HEADER, Landing, line, order
from tests.ingest.nobody import as_nobody
from tests.serve.built_home import make_build, make_version
from tests.transform.small_project import receive, write_project

KILOBYTE = 1024
ROWS = 4_000
FEEDS = {
    "orders": "select * exclude (_received_at, _batch_id) from raw.orders order by all",
    "order_lines": "select * exclude (_received_at, _batch_id) from raw.order_lines order by all",
    "quarantine": "select quarantine_id, feed, record, rules, reasons from raw.quarantine order by all",
    "files": "select path, feed, rows_in, accepted, duplicate, quarantined, status from raw.files order by all",
}


class Disk:
    """Disk of 24 megabytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def leave(self, kilobytes: int) -> None:
        """Fill the disk until only so much is free."""
        self._filler.unlink(missing_ok=True)
        free = os.statvfs(self.folder)
        self._filler.write_bytes(b"x" * (free.f_bavail * free.f_frsize - kilobytes * KILOBYTE))

    def free(self) -> None:
        """Remove the file that filled the disk."""
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Mount a small disk, or skip the test where this machine does not allow it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False) if os.geteuid() == 0 else None
    if mounted is None or mounted.returncode:
        pytest.skip("no disk can be mounted here: that needs root and a machine that allows it")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def deliver(folder: Path, rows: int = ROWS) -> Landing:
    """Write feeds with personal data, lines and rows for the quarantine."""
    folder.mkdir(exist_ok=True)
    landing = Landing(folder)
    landing.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    landing.write("feeds/orders.csv", ORDERS_HEADER + "".join(order(number) for number in range(rows)))
    bad = line(0, quantity="x")
    landing.write("feeds/order_lines.csv", LINES_HEADER + bad + "".join(line(number) for number in range(rows)))
    return landing


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Return the exit code and the output of a command."""
    capsys.readouterr()
    code = run_command(list(arguments))
    captured = capsys.readouterr()
    return code, " ".join((captured.out + captured.err).split())


def content(landing: Landing, *, tokens: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """Return the content of the raw tables, without the receipt columns."""
    found = {name: landing.query(sql) for name, sql in FEEDS.items()}
    if not tokens:
        found["orders"] = landing.query("select order_id, currency, _file_id, _record from raw.orders order by all")
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """Return the raw tables after an ingest without a failure."""
    landing = deliver(tmp_path_factory.mktemp("undisturbed"))
    landing.ingest()
    return content(landing)


@pytest.mark.parametrize("kilobytes", [0, 400, 600, 800, 1300])
def test_an_ingest_on_a_full_disk_says_so_and_is_made_up_for_later(
    tmp_path: Path,
    disk: Disk,
    undisturbed: dict[str, list[tuple[Any, ...]]],
    capsys: pytest.CaptureFixture[str],
    kilobytes: int,
) -> None:
    """The disk runs out at the keys, the vault, an original, the rows, the log or the checkpoint."""
    landing = deliver(tmp_path / "delivered")
    home = disk.folder / "home"
    disk.leave(kilobytes)
    arguments = ("ingest", "--home", str(home), "--sources", str(landing.sources_file))
    code, words = said(capsys, *arguments)
    assert code in {0, 2}
    if code:
        assert words.startswith("The disk is full"), words
        assert "Traceback" not in words
    disk.free()
    code, words = said(capsys, *arguments)
    assert code == 0, words
    (landing.folder / "home").symlink_to(home)
    assert content(landing) == undisturbed
    assert "nothing new" in said(capsys, *arguments)[1]


def test_the_disk_is_full_at_some_of_these_sizes(
    tmp_path: Path, disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Make sure that the test above does not pass only because the disk is large enough."""
    landing = deliver(tmp_path / "delivered")
    disk.leave(600)
    code, words = said(capsys, "ingest", "--home", str(disk.folder / "home"), "--sources", str(landing.sources_file))
    assert code == 2, words


def test_what_was_loaded_before_stays_readable_on_a_full_disk(
    tmp_path: Path, disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = deliver(tmp_path / "delivered", rows=10)
    home = disk.folder / "home"
    arguments = ("ingest", "--home", str(home), "--sources", str(landing.sources_file))
    assert said(capsys, *arguments)[0] == 0
    (landing.folder / "home").symlink_to(home)
    before = content(landing)
    landing.write("feeds/orders-2.csv", ORDERS_HEADER + "".join(order(number) for number in range(10, 9_000)))
    disk.leave(100)
    assert said(capsys, *arguments)[0] == 2
    assert content(landing) == before
    disk.free()
    assert said(capsys, *arguments)[0] == 0
    assert landing.query("select count(distinct order_id), count(*) from raw.orders") == [(9_000, 9_000)]


def test_a_publication_on_a_full_disk_leaves_readers_what_they_have(
    disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    home = disk.folder / "home"
    large = "create table marts.large as select range as i, md5(range::varchar) as words from range(20000)"
    settings, _ = make_version(home)
    make_build(home, "second", extra=large)
    disk.leave(300)
    code, words = said(capsys, "publish", "--home", str(home))
    assert code == 2 and words.startswith("The disk is full"), words
    assert [version.number for version in list_versions(settings)] == [1]
    assert list(settings.published.glob(".incoming-*")) == []
    disk.free()
    assert publish(settings).number == 2


def test_a_build_on_a_full_disk_publishes_nothing_and_is_finished_later(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_project(tmp_path / "project")
    fat = "select range as i, md5(range::varchar) || md5((range + 1)::varchar) as words from range(60000)"
    (folder / "models" / "fct_fat.sql").write_text(fat)
    monkeypatch.setattr(dbt, "project_folder", lambda: folder)
    monkeypatch.setattr(building_module, "project_folder", lambda: folder)
    settings = Settings(home=disk.folder / "home", sources=tmp_path / "no-sources.yaml")
    receive(settings, 1, {"A": "2026-01-01 10:00:00"})
    dbt.parsed_project(settings)
    disk.leave(900)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, the edge tells it in one sentence
        build(settings, as_of="2026-01-10T00:00:00Z")
    problem = machine_problem(caught.value)
    assert "The disk is full" in str(problem or caught.value)
    disk.free()
    assert build(settings, as_of="2026-01-10T00:00:00Z").rows["marts/fct_fat"] == 60_000


@pytest.mark.parametrize("kilobytes", [1, 500])
def test_a_limit_on_the_size_of_files_is_told_and_made_up_for(
    tmp_path: Path, undisturbed: dict[str, list[tuple[Any, ...]]], kilobytes: int
) -> None:
    """Cover machines that cannot mount a disk: the system limits the size of every file of this process."""
    landing = deliver(tmp_path)
    script = "import sys; from orderhouse.cli import main; main(sys.argv[1:])"
    arguments = ["ingest", "--home", str(landing.settings.home), "--sources", str(landing.sources_file)]
    limit = kilobytes * KILOBYTE

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], preexec_fn=limited, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "A file would grow larger than this process may write" in done.stderr, done.stderr
    landing.ingest()
    assert content(landing) == undisturbed


def test_a_home_that_may_not_be_written_is_told_in_a_sentence(
    landing: Landing, open_folder: Path, closed_working_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    # Import everything that the command needs first: the user `nobody` may not be able to read the packages.
    assert said(capsys, "ingest", "--home", str(landing.settings.home), "--sources", str(landing.sources_file))[0] == 0
    home = open_folder / "home"
    home.mkdir(mode=0o555)
    with as_nobody():
        code, words = said(capsys, "ingest", "--home", str(home), "--sources", "sources.yaml")
    assert code == 2
    assert words.startswith(f"This user may not read or write: {home}"), words


def test_a_home_on_a_read_only_disk_is_told_in_a_sentence(
    tmp_path: Path, disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = deliver(tmp_path / "delivered", rows=1)
    home = disk.folder / "home"
    arguments = ("ingest", "--home", str(home), "--sources", str(landing.sources_file))
    assert said(capsys, *arguments)[0] == 0
    subprocess.run(["mount", "-o", "remount,ro", str(disk.folder)], check=True)
    code, words = said(capsys, *arguments)
    assert code == 2 and words.startswith("The disk is mounted read-only"), words
    subprocess.run(["mount", "-o", "remount,rw", str(disk.folder)], check=True)
    assert said(capsys, *arguments)[0] == 0


def test_an_error_of_the_program_is_not_taken_for_one_of_the_machine() -> None:
    assert machine_problem(ValueError("Permission denied")) is None
    assert machine_problem(duckdb.BinderException("no column disk")) is None
