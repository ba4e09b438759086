"""Tests of readers' connections: what a query can reach, and how much of the machine it can use."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.serve.querying import ask
from orderhouse.settings import Settings, bytes_of
from orderhouse.storage.readers import open_published
from orderhouse.storage.spill import sweep_spill

from tests.measured import run_measured
from tests.serve.built_home import make_version

SPILLING = "select count(*) from (select range as a, md5(range::varchar) as b from range(3000000) order by b) as t"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a home with one version. Tests only read it."""
    return make_version(tmp_path_factory.mktemp("home"))[0]


def spill_of(connection: duckdb.DuckDBPyConnection) -> Path:
    ((folder,),) = connection.execute("select current_setting('temp_directory')").fetchall()
    return Path(folder)


@pytest.mark.parametrize(
    "query",
    [
        "explain analyze copy ops.orders to '{home}/stolen.csv'",
        "explain copy ops.orders to '{home}/stolen.csv'",
        "explain analyze delete from ops.orders",
        "copy ops.orders to '{spill}/stolen.csv'",
        "select * from read_csv('{spill}/a.csv')",
        "select * from '{spill}/a.csv'",
        'select * from "{spill}/a.csv"',
        "select * from glob('{spill}/*')",
        "select content from read_blob('{home}/published/warehouse-1.duckdb')",
        "select (select count(*) from READ_TEXT('{home}/published/warehouse-1.duckdb'))",
        "with a as (from sniff_csv('{spill}/a.csv')) select * from a",
        "select * from query('select 1')",
        "select * from query_table('ops.orders')",
        "from json_execute_serialized_sql(json_serialize_sql('select 1'))",
        "from duckdb_settings()",
        "select current_setting('temp_directory')",
        "select list_transform(['temp_directory'], lambda name: Current_Setting(name))",
        "explain select main.current_setting('temp_directory')",
        "show temp_directory",
        "select * from (show temp_directory)",
        "from enable_logging('QueryLog', storage = 'file')",
        "call checkpoint()",
        "pivot ops.orders on stage using count(*)",
    ],
)
def test_query_that_is_no_select_from_tables_is_refused(published: Settings, query: str) -> None:
    published.spill.mkdir(exist_ok=True)
    (published.spill / "a.csv").write_text("a\n1\n")
    with pytest.raises(OrderhouseError, match="Only one reading statement|reads tables and no files or settings"):
        ask(published, query.format(home=published.home, spill=published.spill))
    assert not (published.home / "stolen.csv").exists()


@pytest.mark.parametrize(
    "query",
    [
        "from ops.orders limit 1",
        "describe ops.orders",
        "summarize ops.orders",
        "show all tables",
        "explain select * from ops.orders",
        "EXPLAIN ANALYZE select count(*) from ops.orders;",
        "with days as (select unnest(range(3)) as day) select day from days union all select range from range(2)",
        "select orders.order_id from ops.orders as orders, json_each('[1]') limit 1",
        "select table_name from information_schema.tables",
        "values (1, 'a/b.csv')",
    ],
)
def test_query_that_selects_is_answered(published: Settings, query: str) -> None:
    answer = ask(published, query)
    assert list(answer.rows())
    answer.close()


def test_query_cannot_read_variables_of_the_program(published: Settings) -> None:
    with open_published(published) as connection:
        answer = connection.query("select 1 as secret").pl()
        assert answer.height == 1
        with pytest.raises(duckdb.CatalogException):
            connection.query("select * from answer").fetchall()


def test_query_that_takes_too_long_is_ended_with_a_sentence(published: Settings) -> None:
    impatient = published.model_copy(update={"query_seconds": 0.3})
    began = time.monotonic()
    with pytest.raises(OrderhouseError, match="0 seconds, the limit `query_seconds`"):
        list(ask(impatient, "select count(distinct a.range * b.range) from range(90000) a, range(90000) b").rows())
    assert time.monotonic() - began < 10


def test_query_that_needs_too_much_memory_is_ended_with_a_sentence(published: Settings) -> None:
    small = published.model_copy(update={"query_memory_limit": "60MB"})
    with pytest.raises(OrderhouseError, match="more than 60MB of memory, the limit `query_memory_limit`"):
        list(ask(small, "select list(range) from range(30000000)").rows())


def test_query_that_spills_too_much_is_ended_with_a_sentence(published: Settings) -> None:
    small = published.model_copy(update={"query_memory_limit": "60MB", "query_spill_limit": "5MB"})
    with pytest.raises(OrderhouseError, match="spills more than 5MB to disk, the limit `query_spill_limit`"):
        list(ask(small, SPILLING).rows())


@pytest.mark.parametrize("limit", ["lots", "12", "-1GB"])
def test_size_that_is_none_is_refused(limit: str) -> None:
    with pytest.raises(ValueError, match="write one such as 2GB"):
        Settings(query_memory_limit=limit)


def test_sizes_are_read_as_duckdb_reads_them() -> None:
    assert [bytes_of(size) for size in ("500MB", "1.5 GB", "4GiB", "7B")] == [500_000_000, 1_500_000_000, 1 << 32, 7]


def test_answer_has_no_more_rows_than_allowed(published: Settings) -> None:
    answer = ask(published.model_copy(update={"query_rows": 99}), "from ops.orders")
    with pytest.raises(OrderhouseError, match="more than 99 rows, the limit `query_rows`"):
        list(answer.rows())


def test_each_connection_spills_into_a_folder_of_its_own_that_goes_with_it(published: Settings) -> None:
    def folders() -> set[Path]:
        return set(published.spill.glob("spill-*"))

    before = folders()
    first, second = open_published(published), open_published(published)
    made = folders() - before
    assert len(made) == 2
    assert {folder.stat().st_mode & 0o777 for folder in made} == {0o700}
    assert {spill_of(first), spill_of(second)} == made
    first.close()
    second.close()
    del first, second
    assert folders() == before


def test_spill_of_a_killed_process_is_removed_and_that_of_a_living_one_stays(published: Settings) -> None:
    program = (
        "import os, sys; from pathlib import Path; from orderhouse.settings import Settings; "
        "from orderhouse.storage.readers import open_published; "
        "c = open_published(Settings(home=Path(sys.argv[1]))); "
        "folder = c.execute(\"select current_setting('temp_directory')\").fetchone()[0]; "
        "(Path(folder) / 'left.tmp').write_text('x'); os._exit(9)"
    )
    before = set(published.spill.glob("spill-*"))
    subprocess.run([sys.executable, "-c", program, str(published.home)], check=False)
    (left,) = set(published.spill.glob("spill-*")) - before
    assert (left / "left.tmp").exists()
    living = open_published(published)
    assert not left.exists()
    sweep_spill(published)
    assert spill_of(living).exists()


def test_single_value_cannot_take_the_memory_of_the_machine(published: Settings) -> None:
    query = "select len(range(400000000 + as_of.n)) from (select count(*) as n from marts.as_of) as as_of"
    options = ["--home", str(published.home), "sql", query]
    code, peak, said = run_measured(*options, ORDERHOUSE_QUERY_MEMORY_LIMIT="200MB")
    assert code == 2
    assert "`query_memory_limit`" in said
    assert peak < 1_500
