"""Tests of receiving: accepted bodies, refused bodies, and the files that are written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.storage.warehouse import open_raw
from starlette.testclient import TestClient

from tests.intake.conftest import intake_of
from tests.intake.sending import (
    STRIPE_SECRET,
    generic_headers,
    landed,
    order_body,
    shopify_headers,
    stripe_headers,
)

BODY = order_body(1)


def test_a_signed_body_of_every_kind_lands_byte_for_byte(client: TestClient, folder: Path) -> None:
    sent = {
        "shop": (BODY, shopify_headers(BODY)),
        "money": (b'{"id": "evt_1",\n "type": "charge.succeeded"}', None),
        "erp": (b'{"movement_id": "m1"}', None),
    }
    for name, (body, headers) in sent.items():
        given = headers or (stripe_headers(body) if name == "money" else generic_headers(body))
        answer = client.post(f"/webhooks/{name}", content=body, headers=given)
        assert (answer.status_code, answer.json()) == (200, {"status": "landed"})
    assert {path.read_bytes() for path in landed(folder)} == {body for body, _ in sent.values()}


def test_a_landed_file_is_named_by_topic_time_and_delivery(client: TestClient, folder: Path) -> None:
    client.post("/webhooks/shop", content=BODY, headers=shopify_headers(BODY))
    (path,) = landed(folder)
    assert path.name.startswith("orders_create-20")
    assert "-b54557e4-bdd9-4b37-8a5f-bf7d70bcd043-" in path.name
    assert path.parent.name == f"{datetime.now(UTC):%Y-%m-%d}"
    assert path.stat().st_mode & 0o077 == 0


def test_a_name_that_could_be_a_path_or_a_person_is_not_in_the_file_name(client: TestClient, folder: Path) -> None:
    names = {"X-Shopify-Webhook-Id": "../anna@example.com", "X-Shopify-Topic": "../../Orders/Create"}
    answer = client.post("/webhooks/shop", content=BODY, headers=shopify_headers(BODY) | names)
    assert answer.status_code == 200
    (path,) = landed(folder)
    assert "anna" not in path.name
    assert path.name.startswith("event-")


@pytest.mark.parametrize(
    ("source", "headers"),
    [
        ("shop", {}),
        ("shop", shopify_headers(BODY, secret="another")),
        ("shop", shopify_headers(BODY + b" ")),
        ("shop", {"X-Shopify-Hmac-Sha256": "not base64 at all ü".encode()}),
        ("money", {}),
        ("money", stripe_headers(BODY, secret="another")),
        ("money", {"Stripe-Signature": "t=1,t=2,v1=00"}),
        ("money", {"Stripe-Signature": "v1=zz"}),
        ("erp", {}),
        ("erp", generic_headers(BODY) | {"webhook-id": "another"}),
        ("erp", generic_headers(BODY) | {"webhook-signature": "v1,AAAA"}),
    ],
)
def test_a_wrong_signature_is_refused(
    client: TestClient, folder: Path, source: str, headers: dict[str, str | bytes]
) -> None:
    answer = client.post(f"/webhooks/{source}", content=BODY, headers=headers)
    assert answer.status_code == 401
    assert landed(folder) == []


@pytest.mark.parametrize("late", [-301, 301])
def test_an_old_or_future_time_stamp_is_refused_though_the_signature_fits(
    client: TestClient, folder: Path, late: float
) -> None:
    at = datetime.now(UTC).timestamp() + late + (2 if late > 0 else -2)
    assert client.post("/webhooks/money", content=BODY, headers=stripe_headers(BODY, at=at)).status_code == 400
    assert client.post("/webhooks/erp", content=BODY, headers=generic_headers(BODY, at=at)).status_code == 400
    assert landed(folder) == []


def test_shopify_may_repeat_a_delivery_for_two_days(client: TestClient, folder: Path) -> None:
    for hours, status in ((47, 200), (49, 400), (-1, 400)):
        at = datetime.now(UTC) - timedelta(hours=hours)
        answer = client.post("/webhooks/shop", content=BODY, headers=shopify_headers(BODY, at=at))
        assert answer.status_code == status


def test_any_of_several_secrets_and_signatures_will_do(client: TestClient, folder: Path) -> None:
    old = stripe_headers(BODY, secret="old-one")["Stripe-Signature"]
    assert client.post("/webhooks/money", content=BODY, headers={"Stripe-Signature": old}).status_code == 200
    two = stripe_headers(b"[]", secret="foreign")["Stripe-Signature"]
    right = stripe_headers(b"[]", secret=STRIPE_SECRET)["Stripe-Signature"]
    both = f"{two},{right.split(',')[1]}"
    assert client.post("/webhooks/money", content=b"[]", headers={"Stripe-Signature": both}).status_code == 200


def test_a_delivery_sent_again_is_acknowledged_and_lands_once(client: TestClient, folder: Path) -> None:
    for expected in ("landed", "known"):
        answer = client.post("/webhooks/shop", content=BODY, headers=shopify_headers(BODY))
        assert (answer.status_code, answer.json()["status"]) == (200, expected)
    assert len(landed(folder)) == 1


def test_a_restarted_intake_remembers_what_landed(folder: Path) -> None:
    for expected in ("landed", "known"):
        with intake_of(folder) as client:
            for source, headers in (("shop", shopify_headers(BODY)), ("money", stripe_headers(BODY))):
                answer = client.post(f"/webhooks/{source}", content=BODY, headers=headers)
                assert answer.json()["status"] == expected
    assert len(landed(folder)) == 2


def test_a_replay_with_its_old_time_stamp_is_refused_and_not_acknowledged(folder: Path) -> None:
    headers = stripe_headers(BODY)
    with intake_of(folder) as client:
        assert client.post("/webhooks/money", content=BODY, headers=headers).status_code == 200
    with intake_of(folder, now=datetime.now(UTC) + timedelta(seconds=400)) as later:
        assert later.post("/webhooks/money", content=BODY, headers=headers).status_code == 400


def test_a_body_over_the_limit_is_refused_said_or_unsaid(client: TestClient, folder: Path) -> None:
    large = b"x" * 2001
    read = 0

    def pieces() -> Iterator[bytes]:
        nonlocal read
        for _ in range(50):
            read += 1000
            yield b"x" * 1000

    assert client.post("/webhooks/shop", content=large, headers=shopify_headers(large)).status_code == 413
    assert client.post("/webhooks/shop", content=pieces()).status_code == 413
    fitting = b"x" * 2000
    assert client.post("/webhooks/shop", content=fitting, headers=shopify_headers(fitting)).status_code == 200


def test_what_is_no_source_of_webhooks_is_not_found(client: TestClient) -> None:
    for name in ("nobody", "files", "../shop"):
        assert client.post(f"/webhooks/{name}", content=BODY, headers=shopify_headers(BODY)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/", 404, "There is nothing at this path. Webhooks go to /webhooks/<source>"),
        ("POST", "/elsewhere", 404, "There is nothing at this path."),
        ("POST", "/webhooks/shop/", 404, "without a slash at the end"),
        ("POST", "/webhooks/nobody", 404, "No source of this name takes webhooks."),
        ("GET", "/webhooks/shop", 405, "This path takes POST only."),
        ("POST", "/health", 405, "This path takes GET only."),
    ],
)
def test_what_is_asked_in_the_wrong_place_or_way_is_answered_with_a_sentence(
    client: TestClient, folder: Path, method: str, path: str, status: int, sentence: str
) -> None:
    answer = client.request(method, path, content=BODY, headers=shopify_headers(BODY), follow_redirects=False)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"] and sentence in answer.json()["error"]
    assert ("POST" in answer.headers["allow"] or "GET" in answer.headers["allow"]) if status == 405 else True
    assert landed(folder) == []


def test_a_shopify_delivery_that_says_no_time_lands_once_and_its_replay_is_known(
    client: TestClient, folder: Path
) -> None:
    headers = shopify_headers(BODY)
    del headers["X-Shopify-Triggered-At"]
    for expected in ("landed", "known"):
        answer = client.post("/webhooks/shop", content=BODY, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"status": expected})
    assert len(landed(folder)) == 1


def test_an_empty_body_is_refused(client: TestClient, folder: Path) -> None:
    assert client.post("/webhooks/shop", content=b"", headers=shopify_headers(b"")).status_code == 400
    assert landed(folder) == []


def test_a_full_disk_is_never_acknowledged(client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("orderhouse.intake.landing.os.fsync", full)
        answer = client.post("/webhooks/money", content=BODY, headers=stripe_headers(BODY))
        assert answer.status_code == 503
        assert client.get("/health").status_code == 503
        assert [path for path in (folder / "landing").rglob("*") if path.is_file()] == []
    assert client.post("/webhooks/money", content=BODY, headers=stripe_headers(BODY)).json() == {"status": "landed"}
    assert client.get("/health").json()["status"] == "ok"


def test_health_counts_what_became_of_deliveries(client: TestClient) -> None:
    client.post("/webhooks/shop", content=BODY, headers=shopify_headers(BODY))
    client.post("/webhooks/shop", content=BODY, headers=shopify_headers(BODY))
    client.post("/webhooks/shop", content=BODY)
    client.post("/webhooks/anna@example.com", content=BODY)
    assert client.get("/health").json() == {
        "status": "ok",
        "sources": {"(no source)": {"unknown_source": 1}, "shop": {"known": 1, "landed": 1, "wrong_signature": 1}},
    }


def test_figures_are_given_to_who_has_the_token_and_name_no_path_that_was_asked_for(folder: Path) -> None:
    with intake_of(folder, token="a-token") as client:
        client.post("/webhooks/shop", content=BODY, headers=shopify_headers(BODY))
        client.post("/webhooks/shop", content=BODY)
        client.post("/webhooks/anna@example.com", content=BODY)
        for wrong in ({}, {"Authorization": "Bearer another"}, {"Authorization": "a-token"}):
            refused = client.get("/metrics", headers=wrong)
            assert (refused.status_code, refused.text) == (401, "A bearer token is needed.\n")
        found = client.get("/metrics", headers={"Authorization": "Bearer a-token"})
    assert found.status_code == 200 and found.headers["content-type"].startswith("text/plain")
    assert {
        'orderhouse_intake_deliveries_total{outcome="landed",source="shop"} 1.0',
        'orderhouse_intake_deliveries_total{outcome="wrong_signature",source="shop"} 1.0',
        'orderhouse_intake_deliveries_total{outcome="unknown_source",source="(no source)"} 1.0',
        'orderhouse_intake_landed_files{source="shop"} 1.0',
        "orderhouse_intake_failing 0.0",
    } <= set(found.text.splitlines())
    assert "anna" not in found.text


def test_figures_are_given_to_nobody_without_a_token(client: TestClient) -> None:
    refused = client.get("/metrics")
    assert refused.status_code == 403 and "metrics_token" in refused.text


def test_what_landed_is_ingested_and_what_is_no_json_is_kept_and_said(client: TestClient, folder: Path) -> None:
    for body in (BODY, order_body(2), b"this is no JSON"):
        assert client.post("/webhooks/shop", content=body, headers=shopify_headers(body)).status_code == 200
    settings = load_settings(home=folder / "home", sources=folder / "sources.yaml")
    receive(settings)
    connection = open_raw(settings, read_only=True)
    try:
        orders = connection.execute("select order_id, email_token is not null from raw.orders order by 1").fetchall()
        taken = connection.execute("select status, count(*) from raw.files group by 1 order by 1").fetchall()
    finally:
        connection.close()
    assert orders == [("o1", True), ("o2", True)]
    assert taken == [("loaded", 2), ("rejected", 1)]


def test_text_that_the_signature_does_not_cover_gets_into_no_name(client: TestClient, folder: Path) -> None:
    names = {"X-Shopify-Webhook-Id": "anna-mueller-1980", "X-Shopify-Topic": "anna/mueller"}
    assert client.post("/webhooks/shop", content=BODY, headers=shopify_headers(BODY) | names).status_code == 200
    (path,) = landed(folder)
    assert "anna" not in path.name and "mueller" not in path.name
    assert path.name.startswith("event-")


def test_signed_body_whose_id_holds_half_a_character_lands(client: TestClient, folder: Path) -> None:
    body = b'{"id": "evt_\\ud800", "type": "charge.\\udfff"}'
    assert client.post("/webhooks/money", content=body, headers=stripe_headers(body)).status_code == 200
    (path,) = landed(folder)
    assert path.read_bytes() == body


def test_a_body_whose_file_is_gone_lands_again_and_is_loaded_once(client: TestClient, folder: Path) -> None:
    for expected in ("landed", "known"):
        answer = client.post("/webhooks/shop", content=BODY, headers=shopify_headers(BODY))
        assert answer.json() == {"status": expected}
    (path,) = landed(folder)
    path.unlink()
    for expected in ("landed", "known"):
        answer = client.post("/webhooks/shop", content=BODY, headers=shopify_headers(BODY))
        assert answer.json() == {"status": expected}
    assert [each.read_bytes() for each in landed(folder)] == [BODY]


@pytest.mark.parametrize("topic", ["orders/4915112345678", "orders/create/7", "1", "orders anna", "/orders", "a/"])
def test_what_is_no_topic_of_shopify_is_in_no_file_name(client: TestClient, folder: Path, topic: str) -> None:
    headers = {**shopify_headers(BODY), "X-Shopify-Topic": topic}
    assert client.post("/webhooks/shop", content=BODY, headers=headers).status_code == 200
    assert [path.name.partition("-")[0] for path in landed(folder)] == ["event"]
