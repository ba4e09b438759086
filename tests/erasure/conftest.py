"""Fixtures of the tests of erasing: one merchant with three people, in files of every kind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.erasure.merchant import ANNA, AT, BERTA, Merchant


@pytest.fixture
def merchant(ingested: Merchant, tmp_path: Path) -> Merchant:
    """Return a copy of the merchant, to erase from."""
    shutil.copytree(ingested.folder, tmp_path, dirs_exist_ok=True)
    return Merchant(tmp_path)


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Merchant:
    """Ingest everything once."""
    place = Merchant(tmp_path_factory.mktemp("merchant"))
    place.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    anna, berta = ANNA, BERTA
    place.write(
        "feeds/customers.csv",
        "customer_id,updated_at,email,name,phone,city\n"
        f'c1,{AT},{anna.email},"{anna.name}", {anna.phone} ,Ulm\n'
        f"c2,{AT},{berta.email},{berta.name},{berta.phone},Ulm\n",
    )
    orders = [
        {"order_id": "o1", "customer_id": "c1", "email": anna.email, "ship_name": anna.name},
        {"order_id": "o2", "email": anna.email.upper(), "ship_name": "A. Somebody", "ship_street": anna.street},
        {"order_id": "o3", "customer_id": "c2", "email": berta.email, "ship_name": berta.name, "phone": 4915112345678},
    ]
    common = {"placed_at": AT, "updated_at": AT, "currency": "EUR"}
    lines = "\n".join(json.dumps({**common, **order}, ensure_ascii=True) for order in orders)
    place.write("feeds/orders.ndjson", f"{lines}\n" + f'{{"order_id": "o9", "email": "{anna.email}", oops\n')
    frame = {"return_id": ["r1", "r2"], "line_id": "1", "status": "requested", "occurred_at": AT, "quantity": "1"}
    returned = pl.DataFrame({**frame, "order_id": ["o1", "o3"], "reason": [anna.text, "too large"]})
    returned.write_parquet(place.folder / "feeds" / "returns.parquet")
    place.write(
        "feeds/feedback.json", json.dumps([_feedback(1, "c1", anna.text), _feedback(2, "c2", "fine")], indent=1)
    )
    payload = {"street": anna.street, "lines": [1, 2]}
    action = {"action_id": "a1", "order_id": "o2", "kind": "note", "occurred_at": AT, "actor": "op", "role": "desk"}
    place.write("feeds/actions.json", json.dumps({**action, "payload": payload, "reason": "asked to"}, indent=2))
    place.write(
        "feeds/order_lines.csv",
        "order_id,line_id,updated_at,sku,quantity,unit_price\n"
        f"o1,1,{AT},s1,1,10\no2,1,{AT},s1,{anna.email},10\no3,1,{AT},s1,2,10,{anna.name},x\n",
    )
    place.ingest()
    return place


def _feedback(number: int, customer: str, text: str) -> dict[str, str]:
    return {"feedback_id": f"f{number}", "occurred_at": AT, "customer_id": customer, "text": text}
