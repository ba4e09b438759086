"""Tests of the portal as processes of its own: start, odd bytes, several workers, and an end that loses nothing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from orderhouse.settings import Settings

from tests.portal.published_home import EMAIL, publish

COMMAND = str(Path(sys.executable).with_name("orderhouse"))


@contextlib.contextmanager
def served(settings: Settings, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the portal on a free port, and yield the process and the port."""
    process = subprocess.Popen(
        [COMMAND, "--home", str(settings.home), "portal", "--port", "0", *options],
        env=os.environ | {"COLUMNS": "200", "ORDERHOUSE_PORTAL_CLIENT_PER_MINUTE": "10000"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        port = re.search(r"127\.0\.0\.1:(\d+)", said)
        assert port, f"the portal did not start: {said}"
        yield process, int(port[1])
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.stdout.close()


def get(port: int, path: str, **form: str) -> tuple[int, str]:
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def raw(port: int, request: bytes) -> bytes:
    """Send bytes, and return the first line of the answer, or nothing if the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        with contextlib.suppress(ConnectionError):
            return connection.recv(65_536).split(b"\r\n")[0]
    return b""


@pytest.fixture(scope="module")
def running(settings: Settings) -> Iterator[int]:
    with served(settings) as (_, port):
        yield port


@pytest.mark.parametrize(
    "target",
    [
        b"/track/\xff\xfe", b"/track/%FF%FE", b"/track/%00", b"/track/" + b"A" * 70_000, b"/track/%", b"/track/%zz",
        b"/track/PARTSHIPPED1?lang=%ff", b"/track/PARTSHIPPED1?%00", b"/track/../../etc/passwd", b"//track//x", b"*",
        b"http://attacker.example/track/PARTSHIPPED1", "/track/é".encode(), b"/v1/orders/%F0%9F%98%80",
    ],
)  # fmt: skip
def test_odd_bytes_never_break_the_server(running: int, target: bytes) -> None:
    for method in (b"GET", b"POST", b"HEAD", b"OPTIONS", b"FOO"):
        answer = raw(running, method + b" " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 ") and answer[9:10] in b"234", (method, answer)
    assert get(running, "/health")[0] == 200


def test_odd_headers_never_break_the_server(running: int) -> None:
    start = b"GET /track/PARTSHIPPED1 HTTP/1.1\r\n"
    for headers in (
        b"",
        b"Host: 127.0.0.1\r\nHost: attacker.example\r\n",
        b"Host: \xff\r\n",
        b"Host: 127.0.0.1\r\nAccept-Language: \xff;q=nan\r\n",
        b"Host: 127.0.0.1\r\nIf-None-Match: " + b"x" * 9000 + b"\r\n",
        b"Host: 127.0.0.1\r\nAuthorization: \xff\r\n",
        b"Host: 127.0.0.1\r\nContent-Length: 99999999999\r\n",
    ):
        answer = raw(running, start + headers + b"\r\n")
        assert answer[9:12] in (b"200", b"400", b"421"), (headers, answer)


def test_heads_have_no_body(running: int) -> None:
    with socket.create_connection(("127.0.0.1", running), timeout=30) as connection:
        connection.sendall(b"HEAD /track/PARTSHIPPED1 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        whole = b""
        while piece := connection.recv(65_536):
            whole += piece
    assert whole.startswith(b"HTTP/1.1 200") and whole.partition(b"\r\n\r\n")[2] == b""


def test_the_log_holds_no_ids_and_no_addresses(settings: Settings, running: int) -> None:
    get(running, "/track/PARTSHIPPED1")
    text = (settings.logs / "portal.log").read_text()
    assert "serving version 1, 6 orders" in text
    assert "PARTSHIPPED1" not in text and "127.0.0.1" not in text


def test_what_one_worker_took_all_workers_show(own: Settings) -> None:
    with served(own, "--workers", "2") as (process, port):
        _, page = get(port, "/track/OPENORDER123/cancel")
        found = re.search(r'name="token" value="([^"]+)"', page)
        assert found
        assert get(port, "/track/OPENORDER123/cancel", token=found[1], proof=EMAIL)[0] == 200  # after the redirect
        # Each request is a connection of its own, which either worker may take.
        answers = [json.loads(get(port, "/v1/track/OPENORDER123")[1]) for _ in range(20)]
        assert {len(each["requests"]) for each in answers} == {1}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_worker_that_was_killed_is_started_again(own: Settings) -> None:
    with served(own, "--workers", "2") as (process, port):
        assert get(port, "/health")[0] == 200
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        workers = [pid for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]
        assert len(workers) == 2
        # One that ends at once is a fault of the configuration; this one has served for a while.
        time.sleep(6)
        os.kill(int(workers[0]), signal.SIGKILL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            now = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            if len([pid for pid in now if pid not in children]) == 1:
                break
            time.sleep(0.2)
        else:
            raise AssertionError("the worker was not started again")
        assert {get(port, "/health")[0] for _ in range(10)} == {200}


def test_a_port_in_use_is_said(own: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = subprocess.run(
            [COMMAND, "--home", str(own.home), "portal", "--port", str(taken.getsockname()[1])],
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert ended.returncode == 2 and "cannot listen" in ended.stderr and "Traceback" not in ended.stderr


def test_a_home_without_a_version_is_served_with_a_sentence(tmp_path: Path) -> None:
    with served(Settings(home=tmp_path)) as (_, port):
        status, text = get(port, "/v1/track/PARTSHIPPED1")
        assert status == 503 and json.loads(text)["error"].startswith("No orders have been published yet.")
        assert not (tmp_path / "vault").exists()
        publish(tmp_path)
        for _ in range(100):
            status, _ = get(port, "/v1/track/PARTSHIPPED1")
            if status == 200:
                break
            time.sleep(0.2)
        assert status == 200
