"""Tests of the guard: own pages, tools and tunnels pass, and requests of other pages and for other hosts do not."""

from __future__ import annotations

import pytest
from orderhouse.front import Guard, is_own_origin, is_served_host
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

HOST = "127.0.0.1:3000"
OWN = {"host": HOST}


async def _answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("reached")


async def _socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("reached")
    await socket.close()


def behind_guard(*names: str) -> TestClient:
    application = Starlette(
        routes=[Route("/{path:path}", _answer, methods=["GET", "POST"]), WebSocketRoute("/graphql", _socket)]
    )
    return TestClient(Guard(application, names, only_posted=["/graphql"]), base_url=f"http://{HOST}")


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "localhost", "localhost:9999", "[::1]:3000", "LOCALHOST.:3000"])
def test_names_of_this_machine_are_served_on_any_port(host: str) -> None:
    assert behind_guard().get("/", headers={"host": host}).text == "reached"


@pytest.mark.parametrize(
    "host",
    ["attacker.example:3000", "127.0.0.1.attacker.example", "localhost@attacker.example", "", "[::1"],
)
def test_host_of_a_stranger_is_refused(host: str) -> None:
    answer = behind_guard().get("/", headers={"host": host})
    assert answer.status_code == 403 and "public_hosts" in answer.text


def test_name_of_a_reverse_proxy_is_served_once_it_is_configured() -> None:
    headers = {"host": "orders.example", "origin": "https://orders.example"}
    assert behind_guard("orders.example").post("/x", headers=headers).text == "reached"
    assert behind_guard().post("/x", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "origin",
    ["http://attacker.example", "null", "http://127.0.0.1:8000", "http://localhost:3000", "file://", "http://[::1"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_page_of_another_origin_is_refused(origin: str, method: str) -> None:
    assert behind_guard().request(method, "/x", headers={**OWN, "origin": origin}).status_code == 403


def test_own_page_may_post() -> None:
    headers = {**OWN, "origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
    assert behind_guard().post("/x", headers=headers).text == "reached"


def test_request_without_a_browser_passes() -> None:
    assert behind_guard().post("/x", headers=OWN).text == "reached"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_image_or_frame_of_another_site_is_refused_but_a_link_opens_the_page(site: str) -> None:
    frame = {**OWN, "sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    image = {**OWN, "sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
    link = {**OWN, "sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    client = behind_guard()
    assert [client.get("/", headers=each).status_code for each in (frame, image, link)] == [403, 403, 200]
    assert client.post("/", headers=link).status_code == 403, "a form of another page"


def test_two_hosts_or_origins_are_refused() -> None:
    client = behind_guard()
    assert client.get("/", headers=[("host", HOST), ("host", "attacker.example")]).status_code == 403
    twice = [("host", HOST), ("origin", f"http://{HOST}"), ("origin", "http://attacker.example")]
    assert client.get("/", headers=twice).status_code == 403


def test_mutation_by_get_or_form_is_refused() -> None:
    client = behind_guard()
    assert client.get("/graphql", params={"query": "mutation { x }"}, headers=OWN).status_code == 405
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/graphql", ""):
        assert client.post("/graphql", content="{}", headers={**OWN, "content-type": kind}).status_code == 415
    assert client.post("/graphql", json={"query": "{ x }"}, headers=OWN).text == "reached"


def test_web_socket_of_another_page_is_closed_before_it_opens() -> None:
    client = behind_guard()
    with client.websocket_connect("/graphql", headers={**OWN, "origin": f"http://{HOST}"}) as socket:
        assert socket.receive_text() == "reached"
    for headers in ({**OWN, "origin": "http://attacker.example"}, {"host": "attacker.example:3000"}):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/graphql", headers=headers):
            pass


def test_pages_may_not_be_framed() -> None:
    assert behind_guard().get("/", headers=OWN).headers["x-frame-options"] == "DENY"


def test_origin_is_compared_with_port() -> None:
    assert is_own_origin("https://Orders.example", "orders.example")
    assert not is_own_origin("https://orders.example:8443", "orders.example")
    assert is_served_host("Orders.Example:443", ["orders.example"])
