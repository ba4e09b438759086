"""Fixtures: a dashboards server on a free port of the loopback interface, and a headless Chromium."""

from __future__ import annotations

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
from selenium import webdriver
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
)
# Seconds. A page takes less than one, unless the machine is busy.
PATIENCE = 60


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish version 1 in a new home."""
    folder = tmp_path_factory.mktemp("home")
    publish(folder, number=1)
    return folder


@pytest.fixture(scope="session")
def address(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a server and return its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboards" / "app.py")]
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    with log.open("w") as output:
        server = subprocess.Popen(
            [*command, *options, "--server.fileWatcherType=none"],
            env={**os.environ, "ORDERHOUSE_HOME": str(home)},
            cwd=log.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_up(url, server, log)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Start Chromium with a new profile, or skip the test if Chromium is not installed."""
    if CHROMIUM is None or CHROMEDRIVER is None:
        pytest.skip("chromium and chromedriver are not installed; apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(CHROMEDRIVER))
    yield browser
    browser.quit()


def asked_hosts(browser: webdriver.Chrome) -> set[str]:
    """Return all hosts that the page has requested since the last call. Data inside the page has no host."""
    entries: Any = browser.get_log("performance")
    messages = [json.loads(entry["message"])["message"] for entry in entries]
    sent = [each["params"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    sockets = [each["params"] for each in messages if each["method"] == "Network.webSocketCreated"]
    addresses = [each["request"]["url"] for each in sent] + [each["url"] for each in sockets]
    parts = [urllib.parse.urlsplit(address) for address in addresses]
    return {each.hostname for each in parts if each.hostname and each.scheme in ("http", "https", "ws", "wss")}


def wait_for_text(browser: webdriver.Chrome, text: str) -> None:
    """Wait until the page contains a text."""
    WebDriverWait(browser, PATIENCE, poll_frequency=0.2).until(
        lambda found: text in found.find_element(By.TAG_NAME, "body").text, f"the page never contained {text!r}"
    )


def wait_for_element(browser: webdriver.Chrome, selector: str) -> WebElement:
    """Wait until an element accepts clicks and keys, which can be later than the text around it."""
    found: WebElement = WebDriverWait(browser, PATIENCE, poll_frequency=0.2).until(
        element_to_be_clickable((By.CSS_SELECTOR, selector)), f"{selector!r} never came"
    )
    return found


def wait_until_drawn(browser: webdriver.Chrome, title: str) -> None:
    """Wait until the page has its title and the server has nothing more to send."""
    WebDriverWait(browser, PATIENCE, poll_frequency=0.2).until(
        lambda found: (
            title in [heading.text for heading in found.find_elements(By.TAG_NAME, "h1")]
            and not found.find_elements(By.CSS_SELECTOR, "[data-testid=stStatusWidget]")
        ),
        f"the page {title!r} was never drawn",
    )


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2)  # noqa: S310 - loopback
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"The server did not start:\n{log.read_text()}")
