"""Tests of privacy: personal values are planted in every feed and searched for wherever anything is written."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from orderhouse.simulate import simulate

from tests.integration.published_tables import differing_tables, table_hashes
from tests.integration.running import published_file, run_orderhouse

AT = "2026-01-15T10:00:00Z"
EMAIL = "wilhelmine.planted@example.net"
PHONE = "+49 171 5550123"
PLANTED = {
    "email": EMAIL,
    "phone": PHONE,
    "name": "Wilhelmine Quarkbeutel",
    "street": "Plantweg 90817",
    "feedback": "Frau Quarkbeutel war zufrieden",
    "reason": "passt Wilhelmine nicht",
    "note": "rief an, heisst Quarkbeutel",
    "word in currency": "Quarkbeutel",
    "word in quantity": "Wilhelmine",
    "email in quantity": "quantity.planted@example.net",
    "phone in amount": "+49 30 5550456",
    "phone in kind": "+49 40 5550789",
    "email in status": "status.planted@example.net",
    "email in city": "city.planted@example.net",
    "ragged": "Ragna Raggedmann",
    "unreadable": "unreadable.planted@example.net",
    "no header": "headless.planted@example.net",
    "headless name": "Hedwig Headless",
    "no JSON": "nojson.planted@example.net",
}


@dataclass
class Home:
    """Home that was run on planted feeds, and all output of its commands."""

    home: Path
    sources: Path
    said: list[str] = field(default_factory=list)

    def orderhouse(self, *arguments: str, expect: int = 0) -> str:
        """Run a command and record its output."""
        said = run_orderhouse(*arguments, home=self.home, expect=expect)
        self.said.append(said)
        return said


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Run simulated feeds with planted rows, with tracebacks on; query, export and audit them."""
    folder = tmp_path_factory.mktemp("planted")
    found = Home(folder / "home", folder / "feeds" / "sources.yaml")
    simulate(orders=60, seed=7, to=folder / "feeds")
    found.sources.write_text("sources:\n  shop:\n    format: canonical\n    path: ['*.csv', '*.json', '*.ndjson']\n")
    for name, content in planted_files().items():
        (folder / "feeds" / name).write_text(content, encoding="utf-8")
    found.orderhouse("run", "--sources", str(found.sources), "--as-of", "data", "--debug")
    found.orderhouse("status")
    found.orderhouse("sql", "select * from quality.quarantine", "--format", "json")
    found.orderhouse("sql", "select no_such_column from ops.orders", "--debug", expect=2)
    found.orderhouse("order", "planted-1")
    for format_ in ("csv", "parquet", "xlsx"):
        tables = ["ops.orders", "ops.exceptions", "ops.order_timeline", "marts.dim_customers", "quality.quarantine"]
        found.orderhouse("export", *tables, "--format", format_, "--to", str(found.home / "exports" / format_))
    return found


def planted_files() -> dict[str, str]:
    """Return files of feeds with a value in every personal column, and in columns where none belongs."""
    p = PLANTED
    orders = "order_id,placed_at,updated_at,currency,customer_id,email,phone,ship_name,ship_street,ship_city\n"
    person = f"{p['email']},{p['phone']},{p['name']},{p['street']}"
    lines = "order_id,line_id,updated_at,sku,quantity,unit_price\n"
    payments = "payment_id,order_id,kind,amount,currency,occurred_at\n"
    return {
        "orders-planted.csv": orders
        + f"planted-1,{AT},{AT},EUR,planted,{person},Ulm\nplanted-2,{AT},{AT},EUR,,{person},Ulm\n"
        + f"planted-3,{AT},{AT},{p['word in currency']},planted,{person},{p['email in city']}\n"
        + f"planted-4,{AT},{AT},EUR,{p['ragged']}\n",
        "order_lines-planted.csv": lines
        + f"planted-1,1,{AT},sku-1,1,10.00\nplanted-2,1,{AT},sku-1,1,10.00\n"
        + f"planted-1,2,{AT},sku-1,{p['email in quantity']},10.00\n"
        + f"planted-1,3,{AT},sku-1,{p['word in quantity']},{p['phone in amount']}\n",
        "payments-planted.csv": payments
        + f"planted-p1,planted-1,{p['phone in kind']},10.00,EUR,{AT}\n"
        + f"planted-p2,planted-1,captured,10.00,EUR,{p['phone']}\n",
        "customers-planted.csv": "customer_id,updated_at,email,name,phone\n"
        + f"planted,{AT},{p['email']},{p['name']},{p['phone']}\n",
        "returns-planted.csv": "return_id,line_id,status,occurred_at,quantity,order_id,reason\n"
        + f"planted-r,1,requested,{AT},1,planted-1,{p['reason']}\n"
        + f"planted-s,1,{p['email in status']},{AT},1,planted-1,{p['reason']}\n",
        "feedback-planted.ndjson": json.dumps(
            {"feedback_id": "planted-f", "occurred_at": AT, "customer_id": "planted", "text": p["feedback"]}
        )
        + f'\n{{"feedback_id": "planted-g", "text": "{p["unreadable"]}",,\n',
        "actions-planted.json": json.dumps(
            {
                "action_id": "planted-a", "order_id": "planted-1", "kind": "note", "occurred_at": AT, "actor": "op",
                "role": "desk", "payload": {"said": p["note"], "street": p["street"]}, "reason": p["note"],
            }
        ),
        "customers-headless.csv": f"planted-h,{AT},{p['no header']},{p['headless name']}\n",
        "customers-nojson.json": f'[{{"email": "{p["no JSON"]}",,]',
    }  # fmt: skip


def holding(home: Home) -> list[str]:
    """Return the places of planted values: any file under the home outside the vault, and any output."""
    found = [f"said: {name}" for said in home.said for name, value in PLANTED.items() if value in said]
    for path in sorted(each for each in home.home.rglob("*") if each.is_file()):
        if (home.home / "vault") in path.parents:
            continue
        content = path.read_bytes() + texts_of(path)
        found += [
            f"{path.relative_to(home.home)}: {name}" for name, value in PLANTED.items() if value.encode() in content
        ]
    return found


def texts_of(path: Path) -> bytes:
    """Return the content of a compressed file as plain bytes."""
    if path.suffix == ".duckdb":
        return database_text(path)
    if path.suffix == ".parquet":
        return json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False).encode()
    if path.suffix in {".xlsx", ".zip"}:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())
    return b""


def database_text(path: Path) -> bytes:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as held (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'held'"
        ).fetchall()
        rows = [connection.execute(f'from held."{schema}"."{table}"').fetchall() for schema, table in tables]
    return repr(rows).encode()


def test_no_planted_value_is_written_or_said_anywhere_but_in_the_vault(planted: Home) -> None:
    assert holding(planted) == []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{planted.home}/warehouse/raw.duckdb' as held (read_only)")
        ((bad, taken),) = connection.execute(
            "select (select count(*) from held.raw.quarantine where path like '%planted%'), "
            "(select count(*) from held.raw.orders where order_id like 'planted-%')"
        ).fetchall()
    assert (bad, taken) == (6, 2)


def test_the_search_finds_what_is_there(planted: Home, tmp_path: Path) -> None:
    """The values are in a table, in a compressed column, in a workbook and in the output."""
    other = Home(tmp_path, planted.sources, [f"hello {EMAIL}"])
    with duckdb.connect(str(tmp_path / "some.duckdb")) as connection:
        connection.execute("create table t as select ? as word from range(5000)", [PHONE])
        connection.execute(f"copy t to '{tmp_path}/some.parquet'")
    with zipfile.ZipFile(tmp_path / "some.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", PLANTED["street"] * 100)
    assert holding(other) == ["said: email", "some.duckdb: phone", "some.parquet: phone", "some.xlsx: street"]


def test_an_erasure_changes_no_table(planted: Home) -> None:
    """Everything is computed again from the received files and compared with the earlier published version."""
    before = table_hashes(published_file(planted.home))
    said = planted.orderhouse("erase", "planted", "--yes", "--why", "asked for it")
    assert "No total has changed" in said
    assert "orders-planted.csv" in said
    planted.orderhouse("build", "--sources", str(planted.sources), "--as-of", "data", "--full")
    assert differing_tables(before, table_hashes(planted.home / "warehouse" / "warehouse.duckdb")) == []
    for path in (planted.home / "vault").rglob("*"):
        assert not path.is_file() or EMAIL.encode() not in path.read_bytes()
    assert holding(planted) == []
    assert "They were erased before" in planted.orderhouse("erase", EMAIL, "--yes")
    assert "Nobody with this customer number" in planted.orderhouse("erase", "nobody", "--yes", expect=2)
