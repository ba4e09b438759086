"""Tests of records that a query computes from the tables of several files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.sources.formats import FORMATS
from orderhouse.storage.warehouse import open_raw

from tests.sources.format_reading import file_of, source_of

LINES = "order,line,sku,qty,price\nA1,1,TEA,2,4.50\nA1,2,CUP,1,12.00\nB2,1,TEA,1,4.50\n"
STATES = "order,state,at\nA1,open,2026-03-02T10:00:00Z\nB2,void,2026-03-02T11:00:00Z\n"
QUERY = """
    select lines._record, "order" as order_id, line as line_id, sku, qty as quantity, price as unit_price,
        states.at as updated_at
    from lines inner join states using ("order")
    where states.state = 'open'
"""
TABLES = {"lines": {"file": "lines*.csv"}, "states": {"file": "states*.csv"}}


def declared(query: str, **more: Any) -> Any:
    """Return a source with a query."""
    given = {"feed": "order_lines", "query": "joined.sql", "statement": query, "tables": TABLES}
    return source_of("sql", **(given | more))


def read(query: str, *files: SourceFile, **more: Any) -> list[Any]:
    """Read files with a query."""
    return list(FORMATS["sql"].read(declared(query, **more), files))


def both(lines: str = LINES, states: str = STATES) -> tuple[SourceFile, SourceFile]:
    """Return the two files."""
    return file_of(lines, "in/lines.csv"), file_of(states, "in/states.csv")


def landed(folder: Path, query: str = QUERY, **files: str) -> Path:
    """Write files, query and sources file, and return the path of the last."""
    (folder / "landing").mkdir(parents=True, exist_ok=True)
    for name, text in ({"lines": LINES, "states": STATES} | files).items():
        (folder / "landing" / f"{name}.csv").write_text(text)
    (folder / "joined.sql").write_text(query)
    sources = folder / "sources.yaml"
    sources.write_text(
        "sources:\n  shop:\n    format: sql\n    feed: order_lines\n    path: landing/*\n    query: joined.sql\n"
        "    tables:\n      lines: {file: lines*.csv}\n      states: {file: states*.csv}\n"
    )
    return sources


def test_rows_lead_to_the_lines_of_the_first_table() -> None:
    rows, looked_up = read(QUERY, *both())
    assert rows.file.path == "in/lines.csv"
    assert rows.frame.select("_record", "order_id", "line_id", "quantity", "unit_price").rows() == [
        (2, "A1", "1", "2", "4.50"),
        (3, "A1", "2", "1", "12.00"),
    ]
    assert (looked_up.file.path, looked_up.feed, looked_up.role) == ("in/states.csv", None, "lookup")


def test_the_mapping_of_the_source_applies_to_the_result() -> None:
    query = "select _record, \"order\", line, sku, qty, replace(price, '.', ',') as price from lines"
    rows = read(
        query,
        file_of(LINES, "lines.csv"),
        tables={"lines": {"file": "lines.csv"}},
        columns={"order": "order_id", "line": "line_id", "qty": "quantity", "price": "unit_price"},
        constants={"updated_at": "2026-03-02"},
        decimal=",",
    )[0]
    assert rows.frame["unit_price"].to_list() == ["4,50", "12,00", "4,50"]
    assert set(rows.frame["updated_at"]) == {"2026-03-02"}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("select _record, now() as updated_at from lines", "now would give other rows"),
        ("select _record, current_date as updated_at from lines", "current_date would give other rows"),
        ("select _record, random() as quantity from lines", "random would give other rows"),
        ("select _record, uuid() as line_id from lines", "uuid would give other rows"),
        ("select * from read_csv('/etc/passwd')", "read_csv is not allowed"),
        ("select * from '/etc/passwd'", "is not allowed"),
        ("select getenv('HOME') as sku, _record from lines", "getenv is not allowed"),
        ("select _record from lines; drop table lines", "Only one reading statement"),
        ("create table x as select 1", "Only one reading statement"),
        ("select sku from lines", "no column _record"),
        ("select _record + 100 as _record from lines", "3 rows whose _record is no line of lines"),
        ("select _record, nonsense from lines", "nonsense"),
        ("select _record, from lines where", "syntax error"),
        ("explain select _record from lines", "cannot run"),
    ],
)
def test_a_query_that_cannot_be_repeated_or_reads_elsewhere_is_refused(query: str, reason: str) -> None:
    with pytest.raises(FileRejected, match=reason):
        read(query, *both())


def test_a_failed_cast_shows_its_value_to_the_sender_only() -> None:
    query = "select _record, qty::integer as quantity from lines"
    with pytest.raises(FileRejected) as refused:
        read(query, *both(lines=LINES.replace("A1,1,TEA,2", "A1,1,TEA,ann@example.com")))
    assert "ann@example.com" not in refused.value.reason
    assert "conversion error" in refused.value.reason
    assert "ann@example.com" in refused.value.shown


def test_the_order_of_the_files_changes_nothing() -> None:
    lines, states = both()
    assert read(QUERY, lines, states)[0].frame.equals(read(QUERY, states, lines)[0].frame)


def test_files_load_together_whose_names_agree_and_reference_tables_join_each() -> None:
    source = declared(QUERY, tables=TABLES | {"names": {"file": "names.csv"}})
    paths = ["a/lines-1.csv", "a/lines-2.csv", "a/names.csv", "a/notes.txt", "a/states-1.csv", "a/states-2.csv"]
    assert FORMATS["sql"].bundles(source, paths) == [
        ["a/lines-1.csv", "a/states-1.csv", "a/names.csv"],
        ["a/lines-2.csv", "a/states-2.csv", "a/names.csv"],
    ]


def test_a_bundle_without_one_of_its_tables_names_it() -> None:
    with pytest.raises(FileRejected, match=r"needs further files, which are not there: states \(states\*\.csv\)"):
        read(QUERY, both()[0])
    with pytest.raises(FileRejected, match=r"lines-1\.csv and lines-2\.csv are both the table lines"):
        read(QUERY, file_of(LINES, "lines-1.csv"), file_of(LINES, "lines-2.csv"), both()[1])


def test_two_sheets_of_one_workbook_are_two_tables() -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        for name, text in (("Lines", LINES), ("States", STATES)):
            sheet = book.add_worksheet(name)
            for position, line in enumerate(text.splitlines()):
                sheet.write_row(position, 0, line.split(","))
    tables = {"lines": {"file": "all.xlsx", "sheet": "Lines"}, "states": {"file": "all.xlsx", "sheet": "States"}}
    found = read(QUERY, file_of(content.getvalue(), "all.xlsx"), tables=tables)
    assert [rows.frame.height for rows in found] == [2]


def test_every_row_is_somewhere_and_a_changed_query_corrects_past_rows(tmp_path: Path) -> None:
    files = {"lines": LINES.replace("B2,1,TEA,1", "A1,3,TEA,none"), "states": STATES + "C3,open,2,3\n"}
    sources = landed(tmp_path, **files)
    settings = load_settings(home=tmp_path / "home", sources=sources)
    receive(settings)
    with open_raw(settings, read_only=True) as raw:
        counts = raw.execute("select path, feed, role, rows_in, accepted, quarantined from raw.files order by path")
        assert counts.fetchall() == [
            ("landing/lines.csv", "order_lines", "primary", 3, 2, 1),
            ("landing/states.csv", "order_lines", "primary", 1, 0, 1),
        ]
        bad = raw.execute("select record, reasons from raw.quarantine order by record").fetchall()
    assert [record for record, _ in bad] == [4, 4]
    assert any("quantity" in reasons for _, reasons in bad)
    dearer = QUERY.replace("price as unit_price", "cast(price as decimal(9, 2)) + 1 as unit_price")
    landed(tmp_path, dearer, **files)
    receive(settings)
    with open_raw(settings, read_only=True) as raw:
        prices = raw.execute(
            "select line_id, unit_price::varchar from raw.order_lines "
            "where _batch_id = (select max(batch_id) from raw.superseded_loads) order by all"
        ).fetchall()
    assert prices == [("1", "5.5000"), ("2", "13.0000")]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("query: joined.sql", "query: other.sql"), r"sources.yaml:6: source shop: query: .*other.sql cannot be read"),
        (("    query: joined.sql\n", ""), "the format sql needs the key 'query'"),
        (("    feed: order_lines\n", ""), "the format sql needs the key 'feed'"),
        (("format: sql", "format: canonical"), "are for `format: sql`"),
        (("path: landing/*", "path: landing/*\n    delimiter: tab"), "write the key under `tables`"),
        (("{file: lines*.csv}", "{fil: lines*.csv}"), "has no key 'fil'; did you mean 'file'"),
        (("{file: lines*.csv}", "{file: a/lines.csv}"), "is a path; write the name of the file"),
        (("{file: lines*.csv}", "{file: lines.csv, header: false}"), "needs its `columns` in order"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, change: tuple[str, str], sentence: str) -> None:
    sources = landed(tmp_path)
    sources.write_text(sources.read_text().replace(*change))
    with pytest.raises(OrderhouseError, match=sentence) as refused:
        load_sources(sources)
    assert f"{sources}:" in refused.value.message


def test_the_check_shows_the_rows_of_the_query(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = landed(tmp_path)
    assert run_command(["--home", str(tmp_path / "home"), "sources", "check", "--sources", str(sources)]) == 0
    shown = capsys.readouterr().out
    assert "order_lines: 2 rows, 2 accepted" in shown
