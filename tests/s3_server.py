"""A real S3 API on this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

__all__ = ["s3_server", "set_s3_environment"]


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """Serve an S3 API, and give its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def set_s3_environment(patch: pytest.MonkeyPatch, endpoint: str, *, secret: str = "secret") -> None:  # noqa: S107
    """Set the environment variables that every S3 tool reads."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        patch.setenv(name, value)
