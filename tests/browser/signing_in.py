"""Sign-in of people to the pages: a provider of identities on this machine, pages in mode oidc, and the way through."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orderhouse.cli.dashboard import dashboard_command
from orderhouse.settings import Settings
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.conftest import serving, wait_for_element, wait_for_text, wait_until_drawn

__all__ = ["pages_with_sign_in", "provider_of", "sign_in", "sign_in_as"]

SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "a-secret-of-this-test-with-40-characters"
client_id = "orderhouse"
client_secret = "any"
server_metadata_url = "{provider}/.well-known/openid-configuration"
client_kwargs = {{ prompt = "login" }}
"""


@contextlib.contextmanager
def provider_of(people: Sequence[Mapping[str, Any]], folder: Path) -> Iterator[str]:
    """Run a provider of identities on the loopback interface, and yield its address.

    Args:
        people: Claims of each person; `sub` is what the person signs in with.
        folder: The working folder, which gets the log.
    """
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", "{port}"]
    for person in people:
        # The braces are doubled for `serving`, which puts the port in.
        command += ["--user-claims", json.dumps(person).replace("{", "{{").replace("}", "}}")]
    with serving(command, "/.well-known/openid-configuration", folder, folder) as url:
        yield url


@contextlib.contextmanager
def pages_with_sign_in(home: Path, provider: str, folder: Path) -> Iterator[tuple[Settings, str]]:
    """Serve the dashboards of a home whose access file has the mode oidc, and yield its settings and the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secrets = home / "secrets.toml"
    secrets.write_text(SECRETS.format(port=port, provider=provider), encoding="utf-8")
    secrets.chmod(0o600)
    settings = Settings(home=home, oidc_secrets=secrets)
    command = dashboard_command(port, settings)
    with serving(command, "/_stcore/health", home, folder, port=port) as url:
        yield settings, url


def sign_in(browser: webdriver.Chrome, address: str, subject: str) -> None:
    """Sign in as a person of the provider, with a browser that knows nobody."""
    browser.get(address)
    browser.delete_all_cookies()
    browser.get(address)
    wait_until_drawn(browser, "Sign in")
    wait_for_element(browser, "[data-testid=stBaseButton-primary]").click()
    wait_for_element(browser, f"button[value='{subject}'], input[name=sub]")
    browser.find_element(By.CSS_SELECTOR, "input[name=sub]").send_keys(subject)
    browser.find_element(By.CSS_SELECTOR, "input[name=sub]").submit()


def sign_in_as(browser: webdriver.Chrome, address: str, subject: str, role: str) -> None:
    """Sign in as a person who has a role, and wait for the pages."""
    sign_in(browser, address, subject)
    wait_for_text(browser, f"Role: {role}")
