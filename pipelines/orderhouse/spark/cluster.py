"""Connection to Spark Connect, with the session settings on which equal results rest.

pyspark is imported inside the functions: it is an extra, and only builds on Spark need it.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Engine

__all__ = ["GONE", "SESSION", "cluster_session", "in_plain_words", "is_lost"]

# QUALIFY does not parse before 4.2.
OLDEST = (4, 2)
DEFAULT_PORT = 15002
REACH_SECONDS = 5.0
SESSION = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    # The default, INT96, is deprecated, and readers take it for local time.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.caseSensitive": "false",
}
GONE = "Spark's driver is gone or cannot be reached. See the cluster's log, then run again."
LOST = re.compile(r"UNAVAILABLE|Connection refused|failed to connect|Socket closed|SESSION_NOT_FOUND", re.IGNORECASE)


@contextlib.contextmanager
def cluster_session(engine: Engine) -> Iterator[Any]:
    """Connect to the cluster; the session ends with the context.

    Raises:
        OrderhouseError: The extra is missing, nothing answers at the address, or the cluster's Spark is too old.
    """
    try:
        import dbt.adapters.spark  # noqa: F401 - both come with the extra
        from pyspark.errors import PySparkException
        from pyspark.sql.connect.session import SparkSession
    except ImportError:
        raise OrderhouseError(
            "Spark's packages are not installed here. Install them with `python -m pip install 'orderhouse[spark]'`, "
            "or use `--engine duckdb`."
        ) from None
    # Its errors are raised too, and dbt asks for a setting of Hive that Spark Connect leaves as it is.
    logging.getLogger("pyspark.sql.connect.logging").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="Failed to set spark.sql.catalogImplementation")
    address = engine.remote.get_secret_value()
    _require_answer(address)
    try:
        session = SparkSession.builder.remote(address).getOrCreate()
        version = session.version
    except (PySparkException, OSError) as error:
        raise OrderhouseError(f"Spark at {_shown(address)} refused the connection: {in_plain_words(error)}") from None
    try:
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            needed = ".".join(str(part) for part in OLDEST)
            raise OrderhouseError(f"Spark at {_shown(address)} is version {version}; {needed} or newer is needed.")
        for name, value in SESSION.items():
            session.conf.set(name, value)
        yield session
    except PySparkException as error:
        raise OrderhouseError(in_plain_words(error)) from None
    finally:
        with contextlib.suppress(PySparkException, OSError):
            session.stop()


def in_plain_words(error: object) -> str:
    """Return an error of Spark as one line, without its trace on the server."""
    text = str(error)
    if is_lost(text):
        return GONE
    lines = [line.strip() for line in text.split("JVM stacktrace")[0].splitlines() if line.strip()]
    return " ".join(lines[:3])[:500]


def is_lost(text: str) -> bool:
    """Tell if an error means that the driver does not answer any more."""
    return LOST.search(text) is not None


def _require_answer(address: str) -> None:
    """Raise unless something listens at the address: the client would try for minutes."""
    place = urlsplit(address)
    try:
        with socket.create_connection((place.hostname or "", place.port or DEFAULT_PORT), timeout=REACH_SECONDS):
            return
    except (OSError, ValueError):
        raise OrderhouseError(
            f"No Spark answers at {_shown(address)}. Start the cluster's Spark Connect, correct `remote` under "
            "[engine] in orderhouse.toml, or use `--engine duckdb`."
        ) from None


def _shown(address: str) -> str:
    """Return an address without its parameters, which may hold a token."""
    place = urlsplit(address)
    return f"sc://{place.hostname}:{place.port or DEFAULT_PORT}"
