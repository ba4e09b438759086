"""Tests of the portal over HTTP: odd requests, headers, caches, limits, and versions that change while it serves."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import orderhouse.portal.customers as customers
import orderhouse.portal.shown_order as shown_order
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from orderhouse.portal.tracking_ids import UNKNOWN, normal_id
from orderhouse.settings import Settings
from starlette.testclient import TestClient

from tests.portal.conftest import portal
from tests.portal.published_home import IDS, point_at, publish


@given(st.text(max_size=300))
def test_any_text_is_an_id_in_capitals_or_unknown(text: str) -> None:
    found = normal_id(text)
    assert len(found) == 12
    assert found == UNKNOWN or found.decode() == text.strip().upper()


def test_ids_are_taken_in_any_case(client: TestClient) -> None:
    assert client.get("/v1/track/partshipped1").json() == client.get("/v1/track/PARTSHIPPED1").json()


@given(st.text(alphabet=st.characters(exclude_characters="/?#%", exclude_categories=["Cs"]), min_size=1, max_size=40))
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_unknown_ids_all_get_the_same_answer(client: TestClient, text: str) -> None:
    answer = client.get(f"/v1/track/{quote(text.replace('.', '_'))}")
    assert answer.status_code == 404
    assert answer.json() == {"error": "There is no order with this tracking id."}
    assert len(answer.content) % 4096 == 0


@pytest.mark.parametrize("path", ["/track/%00", "/track/%ff%fe", "/track/a%2Fb", "/v1/track/%", "/track/..%2f..%2fetc"])
def test_odd_paths_are_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_known_and_unknown_ids_take_the_same_work_and_size(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def inner(*arguments: object, **named: object) -> object:
            calls.append(name)
            return call(*arguments, **named)

        return inner

    parts = {customers: ("tracking_page",), shown_order: ("tracking_of", "may_ask", "requests_of")}
    for module, names in parts.items():
        for name in names:
            monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    work = {}
    for tracking_id in ("PARTSHIPPED1", "PARTSHIPPED2", "ZZZZZZZZZZZZ", "x"):
        calls.clear()
        page, answer = client.get(f"/track/{tracking_id}"), client.get(f"/v1/track/{tracking_id}")
        work[tracking_id] = (tuple(calls), len(page.content), len(answer.content))
    assert len({each[0] for each in work.values()}) == 1 and len(work["x"][0]) == 7
    # The order that stands in for an unknown one may be of the next step of size.
    assert all(abs(each[1] - work["x"][1]) <= 4096 and each[2] == work["x"][2] for each in work.values())


def test_unknown_ids_take_as_long_as_known_ones(client: TestClient) -> None:
    seconds: dict[str, list[float]] = {"PARTSHIPPED1": [], "PARTSHIPPED2": []}
    for _ in range(60):  # in turn, so that a busy machine slows both
        for tracking_id, times in seconds.items():
            began = time.thread_time()
            client.get(f"/v1/track/{tracking_id}")
            times.append(time.thread_time() - began)
    known, unknown = (statistics.median(times) for times in seconds.values())
    assert 0.5 < unknown / known < 2


def test_answers_have_headers_that_keep_them_private(client: TestClient) -> None:
    for path in (
        "/track/PARTSHIPPED1",
        "/track/x",
        "/v1/track/PARTSHIPPED1",
        "/nothing",
        "/track/OPENORDER123/cancel",
        "/docs",
    ):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script" not in headers["content-security-policy"]
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == ("same-origin" if path.endswith("cancel") else "no-referrer")
        stored = "no-store" not in headers["cache-control"]
        assert stored == (path in ("/track/PARTSHIPPED1", "/v1/track/PARTSHIPPED1", "/docs"))
        assert "set-cookie" not in headers


def test_what_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    for path in ("/track/PARTSHIPPED1", "/v1/track/PARTSHIPPED1"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    german, english = (client.get(f"/track/PARTSHIPPED1?lang={code}").headers["etag"] for code in ("de", "en"))
    assert german != english
    assert client.get("/track/PARTSHIPPED2", headers={"If-None-Match": german}).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_refused(client: TestClient, method: str) -> None:
    answer = client.request(method, "/track/PARTSHIPPED1")
    assert answer.status_code == 405 and "GET" in answer.headers["allow"]


def test_pages_are_not_posted_to_and_heads_are_answered(client: TestClient) -> None:
    assert client.post("/track/PARTSHIPPED1").status_code == 405
    assert client.post("/v1/track/PARTSHIPPED1", headers={"X-HTTP-Method-Override": "GET"}).status_code == 405
    assert client.head("/track/PARTSHIPPED1").status_code == 200
    assert client.head("/track/unknown").status_code == 404


def test_bodies_of_another_form_or_size_are_refused(client: TestClient) -> None:
    def post(content: bytes, kind: str = "application/x-www-form-urlencoded") -> int:
        headers = {"Content-Type": kind, "Origin": "http://127.0.0.1:8760"}
        return int(client.post("/track/OPENORDER123/cancel", content=content, headers=headers).status_code)

    assert post(b"{}", "application/json") == 415
    assert post(b"a" * 20_000) == 413
    assert post(b"&".join(b"a%d=1" % number for number in range(200))) == 400
    assert post(b"\xff\xfe=%ff&proof=%00") == 403
    assert post(b"") == 403


@pytest.mark.parametrize("host", ["attacker.example", "127.0.0.1.attacker.example", "", "[::1"])
def test_other_hosts_are_refused(client: TestClient, host: str) -> None:
    assert client.get("/track/PARTSHIPPED1", headers={"Host": host}).status_code == 421


def test_a_name_that_is_configured_is_served(settings: Settings) -> None:
    with portal(settings, portal_hosts=("track.example",)) as client:
        assert client.get("/track/PARTSHIPPED1", headers={"Host": "track.example"}).status_code == 200


def test_too_long_addresses_are_refused(client: TestClient) -> None:
    assert client.get("/track/" + "A" * 5000).status_code == 414
    assert client.get("/track/PARTSHIPPED1?lang=" + "a" * 5000).status_code == 414


def test_a_client_that_asks_too_often_waits(own: Settings) -> None:
    with portal(own, portal_client_per_minute=5) as client:
        statuses = [client.get("/v1/track/PARTSHIPPED1").status_code for _ in range(12)]
        assert statuses.count(200) in range(5, 11)  # a minute may end in between
        assert 429 in statuses
        assert 0 < int(client.get("/track/PARTSHIPPED1").headers.get("retry-after", 1)) <= 60


def test_all_clients_together_are_limited(own: Settings) -> None:
    with portal(own, portal_per_second=3) as client:
        statuses = [client.get("/robots.txt").status_code for _ in range(30)]
    assert 429 in statuses and 200 in statuses


def wait_for(client: TestClient, path: str, check: Callable[[object], bool]) -> None:
    deadline = time.monotonic() + 30
    while not check(client.get(path)):
        assert time.monotonic() < deadline, f"{path} never changed"
        time.sleep(0.1)


def test_versions_are_followed_without_a_restart(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with portal(settings) as client:
        missing = client.get("/v1/track/PARTSHIPPED1")
        assert missing.status_code == 503 and missing.headers["retry-after"] == "30"
        assert missing.json()["error"].endswith("Try again later.")
        assert "Not available" in client.get("/track/PARTSHIPPED1").text
        publish(tmp_path, 1)
        wait_for(client, "/v1/track/PARTSHIPPED1", lambda answer: answer.status_code == 200)  # type: ignore[attr-defined]
        before = client.get("/track/PARTSHIPPED1").headers["etag"]
        publish(tmp_path, 2, extra="update ops.orders set shipped_quantity = 4 where order_id = 'PART'")
        wait_for(client, "/track/PARTSHIPPED1?lang=en", lambda answer: "4 of 5" in answer.text)  # type: ignore[attr-defined]
        assert client.get("/track/PARTSHIPPED1", headers={"If-None-Match": before}).status_code == 200
        point_at(settings, 1)  # a rollback
        wait_for(client, "/track/PARTSHIPPED1?lang=en", lambda answer: "3 of 5" in answer.text)  # type: ignore[attr-defined]


def test_a_version_that_lacks_a_table_is_said_and_the_former_one_stays(tmp_path: Path) -> None:
    settings = publish(tmp_path)
    with portal(settings) as client:
        publish(tmp_path, 2, extra="drop table marts.fct_shipments cascade")
        time.sleep(1.5)
        assert client.get("/v1/track/PARTSHIPPED1").status_code == 200
    with portal(settings) as client:
        assert client.get("/v1/track/PARTSHIPPED1").status_code == 503


def test_keys_of_the_vault_that_cannot_be_read_are_no_crash(own: Settings) -> None:
    with portal(own) as client:
        own.vault_keys.write_text("{}")
        assert client.get("/track/OPENORDER123").status_code == 200
        assert client.get("/track/OPENORDER123/cancel").status_code == 503


def test_a_version_without_orders_is_served(tmp_path: Path) -> None:
    with portal(publish(tmp_path, extra="delete from ops.orders")) as client:
        assert client.get("/v1/track/PARTSHIPPED1").status_code == 404
        assert client.get("/track/PARTSHIPPED1/cancel").status_code == 404
        headers = {"Origin": "http://127.0.0.1:8760"}
        assert client.post("/track/PARTSHIPPED1/cancel", data={"proof": "x"}, headers=headers).status_code == 404


def test_the_interface_is_documented_without_other_servers(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/v1/track/{tracking_id}",
        "/v1/orders/{order_id}",
        "/v1/customers/{customer_id}/orders",
    }
    page = client.get("/docs").text
    assert "silent_since" in page and "http" not in page.partition("</style>")[2]


@pytest.mark.parametrize("instant", ["0000-06-01", "0001-01-01", "9999-12-31 23:59:59", "10000-01-01"])
def test_instants_at_the_ends_of_the_calendar_are_shown(own: Settings, instant: str) -> None:
    names = ("placed_at", "first_promised_at", "current_promised_at", "delivered_at", "cancelled_at")
    moved = ", ".join(f"{name} = timestamp '{instant}'" for name in names)
    lines = f"update ops.order_lines set delivered_at = timestamp '{instant}'"
    publish(own.home, 2, extra=f"update ops.orders set {moved}; {lines}")  # noqa: S608
    with portal(own) as client:
        for tracking_id in IDS:
            assert client.get(f"/track/{tracking_id}").status_code == 200
            assert client.get(f"/v1/track/{tracking_id}").status_code == 200
