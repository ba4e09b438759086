"""Tests of the wheel, installed with its locked dependencies into an empty environment and run in an empty folder.

Its name keeps this module out of the ordinary suite: the installation takes minutes. `make test-wheel` runs it.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS_TO_SERVE = 180
RENDER = """
from orderhouse.packaged import packaged
from streamlit.testing.v1 import AppTest

page = AppTest.from_file(str(packaged("dashboards") / "app.py"), default_timeout=120).run()
assert not page.exception, page.exception
assert page.metric or page.markdown
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(ROOT)], check=True)
    (built,) = folder.glob("orderhouse-*.whl")
    return built


@pytest.fixture(scope="session")
def commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel and its locked dependencies; return the folder of the environment's commands."""
    folder = tmp_path_factory.mktemp("environment")
    constraints = folder / "constraints.txt"
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    locked = [re.sub(r"\[.*?\]", "", line.removesuffix("\\").strip()) for line in lock if "==" in line]
    constraints.write_text("\n".join(locked), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    options = ["--quiet", "--disable-pip-version-check", "--constraint", str(constraints)]
    subprocess.run([python, "-m", "pip", "install", *options, str(wheel)], check=True)
    return python.parent


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Return the environment variables without those that point into this tree or at another home."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ORDERHOUSE", "VIRTUAL"))
    }


@pytest.fixture(scope="session")
def folder(commands: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate feeds and run the main job in an empty folder."""
    folder = tmp_path_factory.mktemp("merchant")
    simulate = ["simulate", "--orders", "60", "--seed", "1", "--to", "feeds"]
    for arguments in (simulate, ["run", "--sources", "feeds/sources.yaml", "--as-of", "data"]):
        subprocess.run([commands / "orderhouse", *arguments], cwd=folder, env=environment, check=True)
    return folder


def test_the_wheel_carries_the_dbt_project_the_dashboards_and_the_workspace(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    carried = {name.removeprefix("orderhouse/share/") for name in names if name.startswith("orderhouse/share/")}
    assert {"workspace.yaml", "dashboards/app.py", "dashboards/.streamlit/config.toml"} <= carried
    assert {"dbt_project/dbt_project.yml", "dbt_project/models/marts/fulfilment/fct_orders.sql"} <= carried
    assert not [name for name in names if "__pycache__" in name or "/target/" in name or "/logs/" in name]


def test_the_library_comes_from_the_wheel_alone(commands: Path, environment: dict[str, str], tmp_path: Path) -> None:
    where = "import orderhouse, orderhouse_dagster; print(orderhouse.__file__, orderhouse_dagster.__file__)"
    found = subprocess.run(
        [commands / "python", "-c", where], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert all(str(commands.parent) in path for path in found.stdout.split())


def test_sql_reads_what_the_run_published(commands: Path, environment: dict[str, str], folder: Path) -> None:
    query = "select count(*) as orders from marts.fct_orders"
    answer = subprocess.run(
        [commands / "orderhouse", "sql", query, "--format", "csv"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    header, orders = answer.stdout.split()
    assert header == "orders"
    assert int(orders) >= 60


def test_the_first_page_of_the_dashboards_renders(commands: Path, environment: dict[str, str], folder: Path) -> None:
    home = {"ORDERHOUSE_HOME": str(folder / "data")}
    subprocess.run([commands / "python", "-c", RENDER], cwd=folder, env=environment | home, check=True)


def test_dashboard_serves(commands: Path, environment: dict[str, str], folder: Path) -> None:
    port = free_port()
    with serving([commands / "orderhouse", "dashboard", "--port", str(port)], folder, environment) as server:
        assert answer_of(f"http://127.0.0.1:{port}/_stcore/health", server) == b"ok"


def test_up_serves_dagster_and_the_dashboards_and_ends_quietly(
    commands: Path, environment: dict[str, str], folder: Path
) -> None:
    port, dashboard_port = free_port(), free_port()
    command = [commands / "orderhouse", "up", "--port", str(port), "--dashboard-port", str(dashboard_port)]
    with serving(command, folder, environment) as server:
        assert answer_of(f"http://127.0.0.1:{dashboard_port}/_stcore/health", server) == b"ok"
        assert b"dagster_version" in answer_of(f"http://127.0.0.1:{port}/server_info", server)
    assert server.returncode == 0
    written = (folder / "server.log").read_text()
    assert "Traceback" not in written and "Fatal" not in written


@contextmanager
def serving(command: list[Path | str], folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for the length of the block, then end it as a supervisor does."""
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, start_new_session=True, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            raise


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer_of(address: str, server: subprocess.Popen[bytes]) -> bytes:
    """Request an address until the server answers."""
    for _ in range(SECONDS_TO_SERVE * 2):
        assert server.poll() is None, f"the server ended with {server.returncode}"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - loopback
                return bytes(answer.read())
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    raise AssertionError(f"{address} did not answer within {SECONDS_TO_SERVE} s")
