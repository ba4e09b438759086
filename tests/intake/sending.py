"""Senders of signed webhooks, and the intake as a process."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SHOPIFY_SECRET = "shopify-signing-secret"
STRIPE_SECRET = "whsec_stripe_signing_secret"
GENERIC_SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes of randomness!!").decode()
ENVIRONMENT = {"SHOP_SECRET": SHOPIFY_SECRET, "MONEY_SECRET": f"old-one, {STRIPE_SECRET}", "ERP_SECRET": GENERIC_SECRET}
SOURCES = """
sources:
  shop:
    format: canonical
    feed: orders
    path: landing/shop/**/*.json
    intake: {kind: shopify, secret_env: SHOP_SECRET}
  money:
    format: canonical
    feed: payments
    path: landing/money/*.json
    intake: {kind: stripe, secret_env: MONEY_SECRET}
  erp:
    format: canonical
    feed: stock
    path: landing/erp
    intake: {kind: generic, secret_env: ERP_SECRET}
  files:
    format: canonical
    path: feeds/*
"""


def digest(secret: str | bytes, message: bytes) -> bytes:
    return hmac.digest(secret.encode() if isinstance(secret, str) else secret, message, hashlib.sha256)


def shopify_headers(body: bytes, secret: str = SHOPIFY_SECRET, at: datetime | None = None) -> dict[str, str]:
    return {
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest(secret, body)).decode(),
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "X-Shopify-Triggered-At": (at or datetime.now(UTC)).isoformat(),
    }


def stripe_headers(body: bytes, secret: str = STRIPE_SECRET, at: float | None = None) -> dict[str, str]:
    seconds = str(int(datetime.now(UTC).timestamp() if at is None else at))
    return {"Stripe-Signature": f"t={seconds},v1={digest(secret, seconds.encode() + b'.' + body).hex()},v0=00"}


def generic_headers(body: bytes, *, at: float | None = None, name: str = "msg_1") -> dict[str, str]:
    seconds = str(int(datetime.now(UTC).timestamp() if at is None else at))
    key = base64.b64decode(GENERIC_SECRET.removeprefix("whsec_"))
    signature = base64.b64encode(digest(key, f"{name}.{seconds}.".encode() + body)).decode()
    return {"webhook-id": name, "webhook-timestamp": seconds, "webhook-signature": f"v1a,none v1,{signature}"}


def order_body(number: int, email: str = "person@example.com") -> bytes:
    at = "2026-01-02T03:04:05Z"
    order = {"order_id": f"o{number}", "placed_at": at, "updated_at": at, "currency": "EUR", "email": email}
    return json.dumps(order, indent=2).encode()


@dataclass
class Serving:
    """Running intake."""

    process: subprocess.Popen[str]
    port: int

    @property
    def address(self) -> str:
        """Return the address on which the intake listens."""
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """Kill the intake, as a power cut would."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def served(folder: Path, port: int = 0, **environment: str) -> Iterator[Serving]:
    """Run the intake in a process of its own, over the sources file in a folder."""
    command = [str(Path(sys.executable).with_name("orderhouse")), "intake", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--home", str(folder / "home"), "--sources", str(folder / "sources.yaml")],
        env=os.environ | ENVIRONMENT | {"COLUMNS": "200"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Serving(process, _port_said(process))
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _port_said(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Ctrl-C"):
            return int(said.split("127.0.0.1:")[1].split("/")[0])
    raise AssertionError(f"the intake did not start: {said}")


def landed(folder: Path) -> list[Path]:
    """Return the files that an ingest would see."""
    return [path for path in sorted((folder / "landing").rglob("*")) if path.is_file() and path.name[0] != "."]
