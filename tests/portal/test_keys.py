"""Tests of API keys and of what their roles read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import entries
from orderhouse.portal.keys import create_key, key_of, list_keys, revoke_key
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys
from orderhouse.vault.single_tokens import token_of
from starlette.testclient import TestClient

from tests.portal.conftest import portal
from tests.portal.published_home import publish

ROLES = """
roles:
  british: {tables: [ops.orders, ops.order_lines], rows: {country: [GB]}, hidden_columns: [due_amount]}
  blind: {tables: [ops.orders], hidden_columns: [customer_id]}
  figures: {tables: [marts.as_of]}
"""


@pytest.fixture
def visitor(own: Settings) -> Iterator[TestClient]:
    (own.home / "access.yaml").write_text(ROLES, encoding="utf-8")
    with portal(own) as client:
        yield client


def bearer(settings: Settings, role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {create_key(settings, role=role, name='test', who='me')[1]}"}


def test_a_key_is_shown_once_and_only_its_hash_is_stored(own: Settings) -> None:
    key, secret = create_key(own, role="agent", name=" chat bot ", who="me")
    assert secret.startswith(f"ohk_{key.key_id}_") and key.name == "chat bot"
    stored = b"".join(path.read_bytes() for path in own.operations.iterdir() if path.is_file())
    assert secret.rpartition("_")[2].encode() not in stored
    assert list_keys(own) == [key]
    assert key_of(own, secret) == key


def test_other_texts_are_no_key(own: Settings) -> None:
    key, secret = create_key(own, role="agent", name="x", who="me")
    wrong = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    for text in (wrong, "", "ohk_", secret.upper(), f"{secret} ", f"ohk_{key.key_id}_", "ohk_000000000000_" + "0" * 64):
        assert key_of(own, text) is None


def test_a_revoked_key_is_refused_at_once(own: Settings, visitor: TestClient) -> None:
    key, secret = create_key(own, role="agent", name="x", who="me")
    headers = {"Authorization": f"Bearer {secret}"}
    assert visitor.get("/v1/orders/OPEN", headers=headers).status_code == 200
    revoke_key(own, key.key_id, who="me")
    refused = visitor.get("/v1/orders/OPEN", headers=headers)
    assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
    with pytest.raises(OrderhouseError, match="revoked at"):
        revoke_key(own, key.key_id, who="me")
    with pytest.raises(OrderhouseError, match="keys list"):
        revoke_key(own, "nothing", who="me")
    assert [entry.action for entry in entries(own)] == ["create_key", "revoke_key"]


def test_keys_need_a_role_and_a_name(own: Settings) -> None:
    with pytest.raises(OrderhouseError, match="did you mean"):
        create_key(own, role="agnt", name="x", who="me")
    with pytest.raises(OrderhouseError, match="--name"):
        create_key(own, role="agent", name=" ", who="me")


def test_without_a_key_nothing_is_told(visitor: TestClient) -> None:
    for headers in (
        {},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer ohk_x"},
    ):
        for path in ("/v1/orders/OPEN", "/v1/orders/NONE", "/v1/customers/C-1/orders"):
            answer = visitor.get(path, headers=headers)
            assert answer.status_code == 401 and set(answer.json()) == {"error"}


def test_an_order_has_its_parts(own: Settings, visitor: TestClient) -> None:
    found = visitor.get("/v1/orders/PART", headers=bearer(own, "agent")).json()
    assert found["order"]["stage"] == "part_shipped" and found["order"]["due_amount"] == "10.0000"
    assert found["order"]["placed_at"] == "2026-03-20T08:00:00Z"
    assert [line["line_id"] for line in found["lines"]] == ["1", "2"]
    assert len(found["timeline"]) == 3


def test_a_role_sees_its_rows_and_columns_only(own: Settings, visitor: TestClient) -> None:
    headers = bearer(own, "british")
    found = visitor.get("/v1/orders/GONE", headers=headers).json()
    assert found["order"]["ship_country"] == "GB" and "due_amount" not in found["order"]
    assert set(found) == {"order", "lines"}
    for hidden in ("OPEN", "NONE", "gone", "%00", "a%2Fb"):
        answer = visitor.get(f"/v1/orders/{hidden}", headers=headers)
        assert answer.status_code == 404 and "GONE" not in answer.text
    assert visitor.get("/v1/customers/C-1/orders", headers=headers).json()["orders"] == []
    assert visitor.get("/v1/customers/C-1/orders", headers=bearer(own, "blind")).status_code == 403
    assert visitor.get("/v1/orders/OPEN", headers=bearer(own, "figures")).status_code == 403


def test_a_role_that_was_taken_away_ends_its_keys(own: Settings, visitor: TestClient) -> None:
    headers = bearer(own, "british")
    (own.home / "access.yaml").write_text("roles:\n  other: {tables: [ops.orders]}\n", encoding="utf-8")
    assert visitor.get("/v1/orders/GONE", headers=headers).status_code == 403


def test_orders_of_a_customer_come_in_pages(own: Settings, visitor: TestClient) -> None:
    headers = bearer(own, "agent")
    whole = visitor.get("/v1/customers/C-1/orders", headers=headers).json()
    assert (whole["total"], [each["order_id"] for each in whole["orders"]]) == (2, ["OPEN", "PART"])
    second = visitor.get("/v1/customers/C-1/orders?limit=1&page=2", headers=headers).json()
    assert (second["total"], [each["order_id"] for each in second["orders"]]) == (2, ["PART"])
    assert visitor.get("/v1/customers/nobody/orders", headers=headers).json()["total"] == 0
    for wrong in ("limit=0", "limit=201", "limit=x", "page=-1", "page=١"):
        assert visitor.get(f"/v1/customers/C-1/orders?{wrong}", headers=headers).status_code == 400


def test_answers_with_a_key_follow_the_version_and_are_cached_by_it(own: Settings, visitor: TestClient) -> None:
    headers = bearer(own, "agent")
    first = visitor.get("/v1/orders/OPEN", headers=headers)
    etag = {"If-None-Match": first.headers["etag"], **headers}
    assert visitor.get("/v1/orders/OPEN", headers=etag).status_code == 304
    assert visitor.get("/v1/orders/OPEN", headers={"If-None-Match": first.headers["etag"]}).status_code == 401
    publish(own.home, 2, extra="update ops.orders set stage = 'in_transit' where order_id = 'OPEN'")
    with portal(own) as fresh:
        assert fresh.get("/v1/orders/OPEN", headers=etag).json()["order"]["stage"] == "in_transit"


def test_keys_have_a_limit_of_their_own(own: Settings) -> None:
    headers = bearer(own, "agent")
    with portal(own, portal_client_per_minute=1, portal_key_per_minute=4) as client:
        statuses = [client.get("/v1/orders/OPEN", headers=headers).status_code for _ in range(10)]
    assert statuses[:2] == [200, 200] and 429 in statuses


def test_guessing_of_keys_is_limited(own: Settings, visitor: TestClient) -> None:
    wrong = {"Authorization": "Bearer ohk_000000000000_" + "0" * 64}
    statuses = [visitor.get("/v1/orders/OPEN", headers=wrong).status_code for _ in range(45)]
    assert 429 in statuses and set(statuses) == {401, 429}


def test_the_commands_make_list_and_revoke_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(tmp_path)]
    assert run_command([*home, "portal", "keys", "create", "--role", "agent", "--name", "bot"]) == 0
    secret = capsys.readouterr().out.strip()
    key = key_of(Settings(home=tmp_path), secret)
    assert key is not None and key.name == "bot"
    assert run_command([*home, "portal", "keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert key.key_id in listed and secret not in listed
    assert run_command([*home, "portal", "keys", "revoke", key.key_id]) == 0
    assert key_of(Settings(home=tmp_path), secret) is None
    assert run_command([*home, "portal", "keys", "create", "--role", "nobody", "--name", "bot"]) == 2


def test_an_address_that_is_asked_for_is_in_the_audit_log_as_its_token(own: Settings) -> None:
    headers = bearer(own, "agent")
    token = token_of(load_keys(own), "email", "zelda@example.com")
    (own.home / "access.yaml").write_text("mode: oidc\n", encoding="utf-8")
    asked = (
        "/v1/customers/Zelda@example.com/orders",
        "/v1/orders/zelda@example.com",
        "/v1/orders/+49 171 5550199",
        "/v1/customers/Zelda Quittenbaum/orders",
        "/v1/orders/OPEN",
    )
    with portal(own) as client:
        for path in asked:
            assert client.get(path, headers=headers).status_code in (200, 404)
    subjects = [entry.subject for entry in entries(own) if entry.action == "api"]
    phone = token_of(load_keys(own), "phone", "+49 171 5550199")
    assert subjects == [
        f"/v1/customers/{token}/orders",
        f"/v1/orders/{token}",
        f"/v1/orders/{phone}",
        "/v1/customers/(customer_id withheld)/orders",
        "/v1/orders/OPEN",
    ]


@pytest.mark.parametrize(
    ("path", "authorization"),
    [
        ("/v1/track/PARTSHIPPED1", "x"),
        ("/v1/track/PARTSHIPPED1", "Bearer ohk_000000000000_" + "0" * 64),
        ("/track/PARTSHIPPED1", "Bearer ohk_000000000000_" + "0" * 64),
        ("/v1/orders/OPEN", "x"),
        ("/v1/orders/OPEN", "Bearer x"),
        ("/v1/orders/OPEN", "Bearer ohk_000000000000_" + "0" * 64),
    ],
)
def test_no_header_but_a_valid_key_lifts_the_limit_of_a_client(own: Settings, path: str, authorization: str) -> None:
    with portal(own, portal_client_per_minute=3) as client:
        statuses = [client.get(path, headers={"Authorization": authorization}).status_code for _ in range(12)]
        assert statuses.count(429) >= 6
        assert client.get("/v1/track/PARTSHIPPED1").status_code == 429


def test_two_keys_in_one_request_are_refused(own: Settings, visitor: TestClient) -> None:
    (key,) = bearer(own, "agent").values()
    twice = [("Authorization", "x"), ("Authorization", key)]
    assert visitor.get("/v1/orders/OPEN", headers=twice).status_code == 400
