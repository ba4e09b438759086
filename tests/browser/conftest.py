"""Fixtures: a dashboards server on a free port of the loopback interface, and a headless Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orderhouse.settings import Settings
from orderhouse_dagster.serving import server_command
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import element_to_be_clickable
from selenium.webdriver.support.ui import WebDriverWait

from tests.dashboards.published_home import publish

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,1000",
    # Names of strangers, one of which will lead to this machine. No other name leads anywhere.
    "--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
# The dashboards, as `serving` takes a command.
SERVE = [
    *(sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboards" / "server.py")),
    *("--server.address=127.0.0.1", "--server.port={port}", "--server.headless=true", "--server.fileWatcherType=none"),
]
# Seconds. A page takes less than one, unless the machine is busy.
PATIENCE = 60
# Dagster imports for 15 s on an idle machine.
START_PATIENCE = 240


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish version 1 in a new home."""
    folder = tmp_path_factory.mktemp("home")
    publish(folder, number=1)
    return folder


@pytest.fixture(scope="session")
def address(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the dashboards and return their address."""
    with serving(SERVE, "/_stcore/health", home, tmp_path_factory.mktemp("dashboards")) as url:
        yield url


@pytest.fixture(scope="module")
def dagster_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the empty home of `dagster`."""
    return tmp_path_factory.mktemp("dagster_home")


@pytest.fixture(scope="module")
def dagster(dagster_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start Dagster as `orderhouse up` does, on an empty home, and return its address."""
    command, variables = server_command(Settings(home=dagster_home), 0)
    command[command.index("0")] = "{port}"
    with serving(command, "/server_info", dagster_home, tmp_path_factory.mktemp("dagster"), variables) as url:
        yield url


@contextlib.contextmanager
def serving(
    command: list[str],
    health: str,
    home: Path,
    folder: Path,
    variables: dict[str, str] | None = None,
    *,
    port: int | None = None,
    refuses: int | None = None,
) -> Iterator[str]:
    """Run a server on a free port until the end of the context, and yield its address once it answers.

    Args:
        command: The command, with `{port}` where the port belongs.
        health: A path that the server answers once it is up.
        home: The home.
        folder: The working folder, which gets the log.
        variables: Environment variables of the server.
        port: The port, where it must be known before.
        refuses: Status with which the server refuses strangers, which shows too that it is up.
    """
    if port is None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    log = folder / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [part.format(port=port) for part in command],
            env={**os.environ, **(variables or {}), "ORDERHOUSE_HOME": str(home)},
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_up(f"{url}{health}", server, log, refuses)
            yield url
        finally:
            _end(server)


@pytest.fixture(scope="session")
def one_chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Start Chromium with a new profile, or skip the test if Chromium is not installed."""
    if CHROMIUM is None or CHROMEDRIVER is None:
        pytest.skip("chromium and chromedriver are not installed; apt-get install chromium chromium-driver")
    browser = started(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def chromium(one_chromium: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """Return the browser. It leaves the last page, which would go on working beside the tests of other modules."""
    yield one_chromium
    with contextlib.suppress(WebDriverException):
        one_chromium.get("about:blank")


def started(profile: Path) -> webdriver.Chrome:
    """Start Chromium with a profile in an empty folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(str(CHROMEDRIVER)))


def asked_hosts(browser: webdriver.Chrome) -> set[str]:
    """Return all hosts that the page has requested since the last call. Data inside the page has no host."""
    entries: Any = browser.get_log("performance")
    messages = [json.loads(entry["message"])["message"] for entry in entries]
    sent = [each["params"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    sockets = [each["params"] for each in messages if each["method"] == "Network.webSocketCreated"]
    addresses = [each["request"]["url"] for each in sent] + [each["url"] for each in sockets]
    parts = [urllib.parse.urlsplit(address) for address in addresses]
    return {each.hostname for each in parts if each.hostname and each.scheme in ("http", "https", "ws", "wss")}


def waiting(browser: webdriver.Chrome) -> WebDriverWait[webdriver.Chrome]:
    """Return what waits for a condition, also while the page replaces the elements that it looks at."""
    # The driver has several names for an element of a page that was just left.
    return WebDriverWait(browser, PATIENCE, poll_frequency=0.2, ignored_exceptions=(WebDriverException,))


def wait_for_text(browser: webdriver.Chrome, text: str) -> None:
    """Wait until the page contains a text."""
    waiting(browser).until(
        lambda found: text in found.find_element(By.TAG_NAME, "body").text, f"the page never contained {text!r}"
    )


def wait_for_element(browser: webdriver.Chrome, selector: str) -> WebElement:
    """Wait until an element accepts clicks and keys, which can be later than the text around it."""
    found: WebElement = waiting(browser).until(
        element_to_be_clickable((By.CSS_SELECTOR, selector)), f"{selector!r} never came"
    )
    return found


def wait_until_drawn(browser: webdriver.Chrome, title: str) -> None:
    """Wait until the page has its title and the server has nothing more to send."""
    waiting(browser).until(
        lambda found: (
            title in [heading.text for heading in found.find_elements(By.TAG_NAME, "h1")]
            and not found.find_elements(By.CSS_SELECTOR, "[data-testid=stStatusWidget]")
        ),
        f"the page {title!r} was never drawn",
    )


def _end(server: subprocess.Popen[bytes]) -> None:
    """End a server as `systemd` would. One that does not end is killed, so that later tests do not meet it."""
    server.terminate()
    try:
        server.wait(timeout=150)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
        raise


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path, refuses: int | None) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2)  # noqa: S310 - loopback
        except (urllib.error.URLError, OSError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
                if error.code == refuses:
                    return
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"The server did not start:\n{log.read_text()}")
