"""Tests of durability: every acknowledged body is on the disk, even if the server is killed."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.intake.sending import landed, order_body, served, shopify_headers

SENDERS = 6


class Sender(threading.Thread):
    """Thread that sends one body after another until the server is gone, and notes the acknowledged ones."""

    def __init__(self, address: str, first: int) -> None:
        super().__init__()
        self.address = address
        self.number = first
        self.acknowledged: list[bytes] = []
        self.refused: list[int] = []

    def run(self) -> None:
        """Send until the server is gone."""
        with httpx.Client(base_url=self.address, trust_env=False) as client:
            while True:
                body = order_body(self.number)
                self.number += SENDERS
                try:
                    answer = client.post("/webhooks/shop", content=body, headers=shopify_headers(body))
                except httpx.TransportError:
                    return
                if answer.status_code == 200:
                    self.acknowledged.append(body)
                else:
                    self.refused.append(answer.status_code)


def test_nothing_acknowledged_is_lost_when_the_server_is_killed_mid_load(folder: Path) -> None:
    acknowledged: list[bytes] = []
    sent = 0
    for enough in (40, 1, 25, 10):
        with served(folder) as server:
            senders = [Sender(server.address, sent + place) for place in range(SENDERS)]
            for sender in senders:
                sender.start()
            _wait_until_acknowledged(senders, enough)
            server.kill()
            for sender in senders:
                sender.join()
                acknowledged += sender.acknowledged
                assert sender.refused == []
                sent = max(sent, sender.number)
    files = {path.read_bytes() for path in landed(folder)}
    assert len(acknowledged) >= 76
    assert set(acknowledged) <= files
    assert files <= {order_body(number) for number in range(sent + SENDERS)}, "a partial file is visible"


def _wait_until_acknowledged(senders: list[Sender], enough: int) -> None:
    deadline = time.monotonic() + 20
    while sum(len(sender.acknowledged) for sender in senders) < enough and time.monotonic() < deadline:
        time.sleep(0.005)


@pytest.mark.parametrize(("fault", "files"), [("intake_drafted", 0), ("intake_renamed", 1)])
def test_a_body_is_acknowledged_only_after_it_is_in_its_place(folder: Path, fault: str, files: int) -> None:
    body = order_body(1)
    with served(folder, ORDERHOUSE_FAULT=fault) as server, pytest.raises(httpx.TransportError):
        httpx.post(f"{server.address}/webhooks/shop", content=body, headers=shopify_headers(body), trust_env=False)
    assert [path.read_bytes() for path in landed(folder)] == [body] * files
    with served(folder) as server:
        answer = httpx.post(
            f"{server.address}/webhooks/shop", content=body, headers=shopify_headers(body), trust_env=False
        )
    assert answer.json() == {"status": "known" if files else "landed"}
    assert [path.read_bytes() for path in (folder / "landing").rglob("*") if path.is_file()] == [body]


def test_a_second_intake_of_the_same_home_is_refused(folder: Path) -> None:
    with served(folder), pytest.raises(AssertionError, match="Another intake serves"), served(folder):
        pass


def test_logs_hold_counts_and_nothing_of_anybody(folder: Path) -> None:
    with served(folder) as server:
        body = order_body(1, email="anna.unmistakable@example.com")
        url = f"{server.address}/webhooks"
        assert httpx.post(f"{url}/shop", content=body, headers=shopify_headers(body), trust_env=False).is_success
        assert httpx.post(f"{url}/anna.unmistakable", content=body, trust_env=False).status_code == 404
        server.process.terminate()
        server.process.wait(20)
    log = (folder / "home" / "logs" / "intake.log").read_text()
    assert "shop landed=1" in log
    assert "(no source) unknown_source=1" in log
    assert "unmistakable" not in log
    assert "signing-secret" not in log
