"""Fixtures: a store in SQLite and one in a real PostgreSQL server."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from orderhouse.settings import Settings

PASSWORD = "not-for-the-log"


def _server_folder() -> Path | None:
    """Return the folder of PostgreSQL's server programs: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    return next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL server on a free port of the loopback interface, and return the address of its databases.

    The server refuses to run as root; then it runs as the user `nobody`.
    """
    programs = _server_folder()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed; apt-get install postgresql")
    # A folder of its own: those of pytest are closed to the other user.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    user = {}
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    password = folder / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)
    data = folder / "data"
    base = {"cwd": folder, "capture_output": True, **user}
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "orderhouse", f"--pwfile={password}", "--auth=scram-sha-256", "-N"],
        check=True,
        **base,
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    start = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"]
    # Not captured: the server would keep the pipe open.
    subprocess.run(start, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
    try:
        yield f"postgresql://orderhouse:{PASSWORD}@127.0.0.1:{port}"
    finally:
        subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, **base)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return settings of an empty home whose operations store is in SQLite, and in PostgreSQL."""
    if request.param == "sqlite":
        return Settings(home=tmp_path)
    server = request.getfixturevalue("postgresql")
    name = f"test_{tmp_path.name}".lower()
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    return Settings(home=tmp_path, operations_url=f"{server}/{name}")
