"""Dagster as `orderhouse up` serves it: a stranger's page starts nothing, and a file that arrives starts a run."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orderhouse.serve.publishing import current_version
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.storage.schedule_record import load_schedules
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.conftest import wait_for_text
from tests.integration.small_feeds import order

LAUNCH = """mutation { launchRun(executionParams: {
    selector: {repositoryLocationName: "orderhouse", repositoryName: "__repository__", jobName: "export"},
    runConfigData: "{ops: {exports__latest: {config: {to: '/tmp/stolen'}}}}"}) { __typename } }"""

# Every way in which a page can send a request to another origin without being asked. The answers are not readable
# there; what counts is what the server does with the request.
PAGE = """<title>Win a prize</title><script>
const done = [];
const note = (name, promise) => promise.then(() => done.push(name), () => done.push(name));
const query = encodeURIComponent(MUTATION);
const body = JSON.stringify({query: MUTATION});
note("get", fetch(`${TARGET}/graphql?query=${query}`, {mode: "no-cors"}));
note("text", fetch(`${TARGET}/graphql`, {method: "POST", mode: "no-cors", body}));
note("json", fetch(`${TARGET}/graphql`, {method: "POST", headers: {"content-type": "application/json"}, body}));
note("report", fetch(`${TARGET}/report_asset_materialization/raw/orders`, {method: "POST", mode: "no-cors"}));
note("image", new Promise((good, bad) => {
    const image = new Image(); image.onload = good; image.onerror = bad; image.src = `${TARGET}/graphql?query=${query}`;
}));
note("socket", new Promise((good, bad) => {
    const socket = new WebSocket(TARGET.replace("http", "ws") + "/graphql", "graphql-ws");
    socket.onopen = () => { document.title = "opened"; good(); };
    socket.onerror = bad;
}));
const frame = document.createElement("iframe"); frame.name = "hidden"; document.documentElement.append(frame);
const form = document.createElement("form");
form.action = `${TARGET}/graphql?query=${query}`; form.method = "post"; form.target = "hidden";
document.documentElement.append(form); form.submit();
Promise.resolve().then(() => window.done = done);
</script>"""


@pytest.fixture(scope="module")
def attacker() -> Iterator[Any]:
    """Serve pages of a stranger. Return a function that gives the address of the page that attacks a server."""

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            targets = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("target")
            if not targets:
                self.send_error(404)
                return
            target = targets[0]
            page = f"<script>const TARGET = {json.dumps(target)}, MUTATION = {json.dumps(LAUNCH)};</script>{PAGE}"
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield lambda target: f"http://attacker.example:{server.server_port}/?{urllib.parse.urlencode({'target': target})}"
    server.shutdown()
    server.server_close()


def runs(dagster: str) -> list[Any]:
    """Return the runs that Dagster knows, as a tool on this machine may ask."""
    query = "{ runsOrError { ... on Runs { results { id } } } }"
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{dagster}/graphql", json.dumps({"query": query}).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
        found = json.load(answer)
    return list(found["data"]["runsOrError"]["results"])


@pytest.mark.parametrize("name", ["127.0.0.1", "rebound.example"])
def test_page_of_a_stranger_starts_nothing(name: str, chromium: webdriver.Chrome, dagster: str, attacker: Any) -> None:
    """Attack by the address, and by a name of the attacker that leads to this machine."""
    chromium.get(attacker(dagster.replace("127.0.0.1", name)))
    WebDriverWait(chromium, 60).until(lambda page: page.execute_script("return window.done.length") == 6)
    assert chromium.title != "opened"
    assert runs(dagster) == []


def test_page_under_a_rebound_name_shows_nothing(chromium: webdriver.Chrome, dagster: str, address: str) -> None:
    for server in (dagster, address):
        chromium.get(server.replace("127.0.0.1", "rebound.example"))
        assert "does not serve the host" in chromium.page_source


def test_dagsters_own_page_works_behind_the_guard(chromium: webdriver.Chrome, dagster: str) -> None:
    chromium.get(f"{dagster}/assets")
    wait_for_text(chromium, "Write files of published tables with a manifest")


def test_file_where_sources_yaml_says_starts_a_run_by_itself(
    chromium: webdriver.Chrome, dagster: str, dagster_home: Path
) -> None:
    """The last test of this server: those above it expect no run."""
    assert runs(dagster) == []
    place = dagster_home / "elsewhere" / "drop"
    place.mkdir(parents=True)
    sources = f"sources: {{shop: {{format: canonical, path: {place}/*.ndjson, covers: [orders]}}}}"
    (dagster_home / "sources.yaml").write_text(sources)
    (place / "orders.ndjson").write_text(json.dumps(order("dropped")) + "\n")
    settings = Settings(home=dagster_home)
    WebDriverWait(chromium, 240, poll_frequency=1).until(lambda _: current_version(settings), "nothing was published")
    with open_reader(settings) as published:
        assert published.execute("select order_id from ops.orders").fetchall() == [("dropped",)]
    assert len(runs(dagster)) == 1
    # The sensor that records the schedules looks once a minute.
    WebDriverWait(chromium, 90).until(lambda _: any(each.last_at for each in load_schedules(settings)[0]))
    found = {each.name: each for each in load_schedules(settings)[0]}
    assert set(found) == {"hourly", "daily_forecasts", "sources", "alerts", "messages", "schedules"}
    assert all(each.next_at for each in found.values())
    chromium.get(f"{dagster}/runs")
    wait_for_text(chromium, "sources")
    wait_for_text(chromium, "Success")
