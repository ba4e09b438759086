"""Tests of the door: without the sign-in of the dashboards and the right of the role, no request passes."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from orderhouse.access.sign_in import load_sign_in
from orderhouse.errors import OrderhouseError
from orderhouse.front import Door, Guard, public_names
from orderhouse.monitoring.metrics import metrics_endpoint
from orderhouse.settings import Settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.auth_util import set_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

SECRET = "0123456789abcdef0123456789abcdef"
HOST = "127.0.0.1:3000"
DASHBOARDS = "http://127.0.0.1:8501"
SECRETS = f"""
[auth]
redirect_uri = "{DASHBOARDS}/oauth2callback"
cookie_secret = "{SECRET}"
client_id = "orderhouse"
client_secret = "not-for-the-log"
server_metadata_url = "http://127.0.0.1:1/.well-known/openid-configuration"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings of a home where people sign in."""
    (tmp_path / "access.yaml").write_text(
        "mode: oidc\npeople: {boss@example.com: admin, agent@example.com: agent}\n", encoding="utf-8"
    )
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(SECRETS, encoding="utf-8")
    secrets.chmod(0o600)
    return Settings(home=tmp_path, oidc_secrets=secrets, public_hosts=("orders.example",))


def cookie(email: str = "boss@example.com", secret: str = SECRET, **changed: Any) -> str:
    """Return the `Cookie` header that Streamlit sets after a sign-in."""
    claims = {"origin": DASHBOARDS, "is_logged_in": True, "email": email, "iat": time.time(), **changed}
    found: dict[str, str] = {}

    def sign(name: str, value: str) -> bytes:
        return create_signed_value(secret, name, value)

    def keep(name: str, value: str) -> None:
        found[name] = sign(name, value).decode()

    set_cookie_with_chunks(keep, sign, "_streamlit_user", claims, cookie_attr_size=60)
    return "; ".join(f"{name}={value}" for name, value in found.items())


async def _answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("reached")


async def _socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("reached")
    await socket.close()


def behind(settings: Settings) -> TestClient:
    application = Starlette(
        routes=[Route("/{path:path}", _answer, methods=["GET", "POST"]), WebSocketRoute("/graphql", _socket)]
    )
    return TestClient(Guard(application, door=Door(settings, "dagster")), base_url=f"http://{HOST}")


def test_person_with_the_right_passes(settings: Settings) -> None:
    assert behind(settings).get("/runs", headers={"cookie": cookie()}).text == "reached"
    assert behind(settings).post("/graphql", headers={"cookie": f"other=1; {cookie()}"}).text == "reached"


def test_sign_in_with_many_claims_comes_in_several_cookies(settings: Settings) -> None:
    header = cookie(groups=[hashlib.sha256(bytes([number])).hexdigest() for number in range(200)])
    assert "_streamlit_user_2=" in header
    assert behind(settings).get("/runs", headers={"cookie": header}).text == "reached"
    cut = header.rpartition("; ")[0]
    assert behind(settings).get("/runs", headers={"cookie": cut}).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "",
        "_streamlit_user=nonsense",
        cookie(secret="another-secret-of-thirty-two-bytes"),
        cookie(origin="http://attacker.example"),
        cookie(is_logged_in=False),
        cookie(iat=time.time() - 13 * 3600),
        cookie(iat=time.time() + 3600),
        cookie(email_verified=False),
        cookie("eve@example.com"),
        cookie().replace("_streamlit_user=", "_streamlit_user_tokens="),
        f"_streamlit_user={json.dumps({'is_logged_in': True, 'email': 'boss@example.com'})}",
    ],
)
def test_request_without_a_valid_sign_in_is_refused_with_the_way_to_it(settings: Settings, header: str) -> None:
    answer = behind(settings).get("/runs", headers={"cookie": header})
    assert answer.status_code == 401
    assert f'href="{DASHBOARDS}/"' in answer.text
    assert "reached" not in answer.text


def test_web_socket_without_a_sign_in_is_refused(settings: Settings) -> None:
    with pytest.raises(WebSocketDisconnect), behind(settings).websocket_connect("/graphql"):
        pass


def test_role_without_the_right_is_refused(settings: Settings) -> None:
    answer = behind(settings).get("/runs", headers={"cookie": cookie("agent@example.com")})
    assert (answer.status_code, "reached" in answer.text) == (403, False)
    assert "does not have the right" in answer.text


def test_right_that_was_taken_away_ends_at_once(settings: Settings) -> None:
    client = behind(settings)
    assert client.get("/runs", headers={"cookie": cookie()}).status_code == 200
    (settings.home / "access.yaml").write_text("mode: oidc\npeople: {boss@example.com: agent}\n", encoding="utf-8")
    assert client.get("/runs", headers={"cookie": cookie()}).status_code == 403


def test_metrics_need_a_token_where_people_sign_in(settings: Settings) -> None:
    application = Starlette(routes=[Route("/metrics", metrics_endpoint(settings))])
    answer = TestClient(application).get("/metrics")
    assert (answer.status_code, "metrics_token" in answer.text) == (403, True)


def test_mistake_in_the_access_file_closes_the_door(settings: Settings) -> None:
    (settings.home / "access.yaml").write_text("mode: oidc\npeple: {}\n", encoding="utf-8")
    answer = behind(settings).get("/runs", headers={"cookie": cookie()})
    assert (answer.status_code, "peple" in answer.text) == (503, False)


def test_names_of_a_proxy_are_served_only_where_people_sign_in(settings: Settings, tmp_path: Path) -> None:
    assert public_names(settings) == ("orders.example",)
    (settings.home / "access.yaml").unlink()
    assert public_names(settings) == ()
    assert behind(settings).get("/runs").text == "reached"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace(SECRET, "short"), "cookie_secret needs 32 characters"),
        (lambda text: text.replace("client_id", "client"), r"\[auth\] needs the key 'client_id'"),
        (lambda text: text.replace("/oauth2callback", "/"), "redirect_uri must be"),
        (lambda text: "[auth", "is not valid TOML"),
    ],
)
def test_secrets_that_cannot_work_are_refused(settings: Settings, change: Any, message: str) -> None:
    assert settings.oidc_secrets is not None
    settings.oidc_secrets.write_text(change(SECRETS), encoding="utf-8")
    with pytest.raises(OrderhouseError, match=message):
        load_sign_in(settings)


def test_secrets_that_others_may_read_are_refused(settings: Settings) -> None:
    assert settings.oidc_secrets is not None
    settings.oidc_secrets.chmod(0o644)
    with pytest.raises(OrderhouseError, match="Run `chmod 600"):
        load_sign_in(settings)
