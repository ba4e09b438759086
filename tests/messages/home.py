"""Home whose published version tells the stories that a test writes, with people in its vault."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
from orderhouse.settings import Settings
from orderhouse.storage.home_identity import claim
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.keys import load_keys
from orderhouse.vault.single_tokens import token_of
from orderhouse.vault.vault import open_vault

SQL = Path(__file__).with_name("published.sql")
AS_OF = "2026-03-31 10:00:00.000000"
ERIKA, RAVI, ANA = "Erika@example.com", "ravi@example.com", "ana@example.com"
PEOPLE = {ERIKA: ("Erika Muster", "+491701"), RAVI: ("Ravi\r\nBcc: x@example.com", "+919800"), ANA: ("Ana Sá", None)}
LANGUAGES = {ERIKA: "de", RAVI: "hi", ANA: "pt"}


def settle(settings: Settings) -> None:
    """Receive the people: their values into the vault, and their customer rows."""
    rows = [{"email": email, "name": name, "phone": phone} for email, (name, phone) in PEOPLE.items()]
    with open_vault(settings) as vault, contextlib.closing(open_raw(settings)) as raw:
        claim(raw, vault.keys.fingerprint)
        kinds = {"email": "email", "name": "name", "phone": "phone"}
        tokens = vault.tokenise(pl.DataFrame(rows), kinds)
        vault.flush()
        raw.register("incoming", tokens.to_arrow())
        raw.execute("insert into received.loads by name select 1 as load_id, 1 as batch_id, 'shop' as source")
        raw.execute(
            "insert into received.customers by name "
            "select *, 'C' as customer_id, 1 as _load_id, row_number() over () as _record from incoming"
        )


def publish(settings: Settings, *stories: str, number: int = 1, as_of: str = AS_OF) -> None:
    """Publish a version with the rows that statements insert. `$erika` stands for the token of Erika's address."""
    settings.published.mkdir(parents=True, exist_ok=True)
    path = settings.published / f"warehouse-{number}.duckdb"
    path.unlink(missing_ok=True)
    keys = load_keys(settings)
    tokens = {email.split("@")[0].lower(): token_of(keys, "email", email) for email in PEOPLE}
    with duckdb.connect(str(path)) as connection:
        connection.execute(SQL.read_text(encoding="utf-8"))
        for email, language in LANGUAGES.items():
            token = token_of(keys, "email", email)
            name = email.split("@")[0].lower()
            connection.execute(
                "insert into marts.dim_customers (customer_key, email_token, language, has_marketing_consent) "
                "values (?, ?, ?, true)",
                [name, token, language],
            )
        for story in stories:
            for name, token in tokens.items():
                story = story.replace(f"${name}", f"'{token}'")
            connection.execute(story)
    description = {
        "number": number,
        "published_at": datetime.now(UTC).isoformat(),
        "as_of": as_of,
        "batch_id": number,
        "build_id": f"build-{number}",
        "business_time_zone": "Europe/Berlin",
        "reporting_currency": "EUR",
        "size_bytes": path.stat().st_size,
    }
    path.with_suffix(".json").write_text(json.dumps(description), encoding="utf-8")
    point_at(settings, number)


def point_at(settings: Settings, number: int) -> None:
    """Make a version current, as publishing and a rollback do."""
    incoming = settings.published / ".current.incoming"
    incoming.write_text(f"warehouse-{number}.duckdb", encoding="utf-8")
    incoming.replace(settings.published / "current")


def order(order_id: str, who: str = "erika", **columns: object) -> str:
    """Return the statement that inserts an order of one line."""
    given = {"order_id": order_id, "tracking_id": f"{order_id:0>12}"[-12:].upper(), "customer_key": who, **columns}
    names = ", ".join([*given, "customer_token"])
    values = ", ".join([*(f"'{value}'" for value in given.values()), f"${who}"])
    quantity = {name: given.get(name, 0) for name in ("cancelled_quantity", "backordered_quantity")}
    line = ", ".join(f"{value} as {name}" for name, value in quantity.items())
    return (
        f"insert into ops.orders ({names}) values ({values});"
        f"insert into ops.order_lines by name select '{order_id}' as order_id, '1' as line_id, "
        f"{given.get('ordered_quantity', 1)} as ordered_quantity, {line}"
    )


def parcel(shipment_id: str, order_id: str, **columns: object) -> str:
    """Return the statement that inserts a parcel."""
    given = {"shipment_id": shipment_id, "order_id": order_id, "shipped_at": "2026-03-31 09:30:00", **columns}
    values = ", ".join(f"'{value}'" for value in given.values())
    return f"insert into marts.fct_shipments ({', '.join(given)}) values ({values})"


def configure(settings: Settings, mail_server: str | None = None, more: str = "") -> None:
    """Write `messages.yaml`, with a mail server if one is given."""
    channel = f"  email: {{server: '{mail_server}', security: none, sender: 'Shop <shop@example.com>'}}\n"
    text = "portal_url: https://track.example.com\nshop_name: Kettles\nchannels:\n" + (channel if mail_server else "")
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "messages.yaml").write_text((text if mail_server else text[: -len("channels:\n")]) + more)
