"""Tests of what a customer is told about an order, as JSON and as a page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from orderhouse.portal.openapi import openapi
from orderhouse.settings import Settings
from starlette.testclient import TestClient

from tests.portal.conftest import portal
from tests.portal.published_home import EMAIL, IDS, publish

MODELS = Path(__file__).parents[2] / "dbt_project" / "models"


def text_of(client: TestClient, tracking_id: str, language: str = "en") -> str:
    """Return the text of a page, without tags."""
    page = client.get(f"/track/{tracking_id}?lang={language}").text
    body = page.partition("<body>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def test_the_page_leads_with_the_items_shipped(client: TestClient) -> None:
    page = client.get("/track/PARTSHIPPED1?lang=en")
    assert page.status_code == 200
    assert re.search(r"<h1>3 of 5 items shipped</h1>", page.text)
    assert page.text.count("<h1>") == 1


def test_items_stand_in_their_parcel_once_with_its_estimate(client: TestClient) -> None:
    found = client.get("/v1/track/PARTSHIPPED1").json()
    (parcel,) = found["parcels"]
    # The timeline has the shipment in two rows, one for each axis that it moved.
    assert parcel["items"] == [{"line": "1", "name": 'Kettle & "lid" <steel>', "quantity": 3}]
    assert parcel["estimated_delivery_at"] == "2026-04-01T16:00:00Z"
    assert parcel["scans"] == [{"status": "in_transit", "at": "2026-03-30T05:30:00Z"}]
    assert parcel["silent_since"] is None
    (waiting,) = found["open_items"]
    assert waiting["quantity"] == 2 and waiting["is_backordered"] is True
    assert "Estimated delivery April 1, 2026" in text_of(client, "PARTSHIPPED1")


def test_only_the_quiet_parcel_of_a_stuck_order_is_silent_and_since_when(client: TestClient) -> None:
    silent, heard = client.get("/v1/track/LATEANDSTUCK").json()["parcels"]
    assert (silent["silent_since"], heard["silent_since"]) == ("2026-03-11T06:00:00Z", None)
    assert "No scan since March 11, 2026" in text_of(client, "LATEANDSTUCK")


def test_a_late_order_names_the_date_it_was_due_and_the_new_one(client: TestClient) -> None:
    promise = client.get("/v1/track/LATEANDSTUCK").json()["promise"]
    assert promise["new_date_at"] == "2026-04-02T12:00:00Z"
    # The promised day begins at 23:00 UTC of the day before in Berlin.
    text = text_of(client, "LATEANDSTUCK")
    assert "first promised for March 15, 2026. The new date is April 2, 2026." in text


def test_cancelled_and_held_orders_say_so_first(client: TestClient) -> None:
    cancelled, held = text_of(client, "CANCELLED123"), text_of(client, "HELDFORNOW12")
    assert "This order is cancelled" in cancelled and "Cancelled on 22 March 2026" in cancelled
    assert "Expected by" not in cancelled and "not yet" not in cancelled
    assert "This order is on hold" in held


def test_returns_and_refunds_are_shown_in_the_formats_of_the_country(client: TestClient) -> None:
    found = client.get("/v1/track/DELIVERED123").json()
    assert found["refunds"] == [{"amount": "1234567.5000", "currency": "INR", "at": "2026-03-29T09:00:00Z"}]
    assert [each["status"] for each in found["returns"]] == ["restocked"]
    assert "₹12,34,567.50" in text_of(client, "DELIVERED123", "hi")


@pytest.mark.parametrize("tracking_id", IDS)
@pytest.mark.parametrize("language", ["en", "de", "pt", "hi"])
def test_every_page_is_small_whole_and_without_personal_data(
    client: TestClient, tracking_id: str, language: str
) -> None:
    page = client.get(f"/track/{tracking_id}?lang={language}")
    assert page.status_code == 200
    assert len(page.content) < 50_000
    assert f'<html lang="{language}">' in page.text
    assert "<script" not in page.text and "http://" not in page.text and "https://" not in page.text
    assert "{" not in page.text.partition("</style>")[2]
    for personal in ("Mustermann", EMAIL, "10115", "01310", "110001", "SW1A", "C-1"):
        assert personal not in page.text.partition("</style>")[2]
        assert personal not in client.get(f"/v1/track/{tracking_id}").text


def test_the_language_is_that_of_the_country_unless_another_is_asked_for(client: TestClient) -> None:
    def lang(tracking_id: str, query: str = "", accepted: str = "en-US") -> str:
        page = client.get(f"/track/{tracking_id}{query}", headers={"Accept-Language": accepted}).text
        return str(re.search(r'<html lang="(\w+)">', page)[1])  # type: ignore[index]

    assert [lang(each) for each in IDS] == ["de", "pt", "hi", "en", "en", "de"]
    assert lang("PARTSHIPPED1", "?lang=pt") == "pt"
    assert lang("PARTSHIPPED1", "?lang=xx") == "de"


def test_a_browsers_language_counts_where_the_country_has_none_of_ours(tmp_path: Path) -> None:
    settings = publish(tmp_path, extra="update ops.orders set ship_country = 'FR'")
    with portal(settings) as client:
        page = client.get("/track/OPENORDER123", headers={"Accept-Language": "fr, de;q=0.5, hi;q=0.9, pt;q=0"})
        assert '<html lang="hi">' in page.text
        assert '<html lang="en">' in client.get("/track/OPENORDER123", headers={"Accept-Language": "fr;q=x,,"}).text


def test_one_item_takes_the_singular(client: TestClient) -> None:
    assert "0 of 1 item shipped" in text_of(client, "OPENORDER123", "en")
    assert "0 von 1 Artikel versandt" in text_of(client, "OPENORDER123", "de")


def test_names_of_products_are_escaped(client: TestClient) -> None:
    page = client.get("/track/PARTSHIPPED1").text
    assert "Kettle &amp; &#34;lid&#34; &lt;steel&gt;" in page and "<steel>" not in page


@pytest.mark.parametrize("tracking_id", IDS)
def test_answers_have_the_form_that_the_interface_states(client: TestClient, tracking_id: str) -> None:
    schemas = json.loads(openapi())["components"]["schemas"]
    check(client.get(f"/v1/track/{tracking_id}").json(), schemas["Tracking"], schemas)


def check(value: Any, schema: dict[str, Any], schemas: dict[str, Any], path: str = "$") -> None:
    """Check a value against the parts of JSON Schema that the interface uses, with no field beside those named."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        assert value in schema["enum"], path
        return
    kinds = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict, "null": type(None)}
    named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert type(value) in [kinds[each] for each in named], f"{path}: {value!r}"
    if isinstance(value, dict):
        assert set(value) <= set(schema["properties"]), f"{path}: {set(value) - set(schema['properties'])}"
        assert set(schema.get("required", [])) <= set(value), path
        for name, each in value.items():
            check(each, schema["properties"][name], schemas, f"{path}.{name}")
    if isinstance(value, list):
        for each in value:
            check(each, schema["items"], schemas, f"{path}[]")


def test_the_tables_of_these_tests_have_columns_of_the_models(settings: Settings) -> None:
    declared = {
        model["name"]: {column["name"] for column in model["columns"]}
        for path in MODELS.rglob("*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    }
    with duckdb.connect(str(settings.published / "warehouse-1.duckdb"), read_only=True) as connection:
        found = connection.execute("select table_name, column_name from information_schema.columns").fetchall()
    assert len(found) > 80
    assert [each for each in found if each[1] not in declared[each[0]]] == []
