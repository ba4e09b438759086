"""Take the pictures of every page for the documentation: wide and narrow, light and dark.

`python -m tests.browser.screenshots HOME` writes them to `docs/images`. HOME has the published version of the sample.
With `--whole` the pictures show the pages to their end, for a look at all of it.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.conftest import ROOT, SERVE, serving, started, waiting
from tests.browser.grids import cut_texts

# Name of a picture, and the page with its view.
PICTURES = {
    "today": "",
    "orders": "orders",
    "order": "orders?order=OH-000001144",
    "exceptions": "exceptions",
    "fulfilment": "fulfilment",
    "routing": "routing",
    "routing_estimates": "routing?routing_view=Estimates",
    "shipments": "shipments",
    "inventory": "inventory",
    "returns": "returns",
    "messages": "messages",
    "revenue": "revenue",
    "payments": "payments",
    "customers": "customers",
    "feedback": "feedback",
    "kpis": "kpis",
    "forecasts": "forecasts",
    "forecasts_service": "forecasts?forecasts_view=Service+level",
    "products": "products",
    "rules": "rules",
    "rule": "rules?rule=tell_of_late_orders",
    "campaigns": "campaigns",
    "campaign": "campaigns?campaign=new",
    "schedules": "schedules",
    "schedule": "schedules?schedule=new",
    "campaign_results": "campaigns?campaigns_view=Results",
    "data_quality": "data_quality",
    "sql": "sql",
    "exports": "exports",
    "audit_log": "audit_log",
    "settings": "settings",
}
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
COLOURS = 128
WIDEST = 1000
# Seconds that charts take to be drawn after the server has sent the page.
DRAWING = 1.2
WHOLE_HEIGHT = (
    "return Math.max(...[...document.querySelectorAll('[data-testid=stMain], body')].map(e => e.scrollHeight))"
)


def wait_until_still(browser: webdriver.Chrome) -> None:
    """Wait until the page has a title and the server has nothing more to send."""
    waiting(browser).until(
        lambda found: (
            found.find_elements(By.CSS_SELECTOR, "h1")
            and not found.find_elements(By.CSS_SELECTOR, "[data-testid=stStatusWidget], [data-testid=stSkeleton]")
        )
    )
    time.sleep(DRAWING)


def show(browser: webdriver.Chrome, url: str, width: int, height: int, theme: str) -> None:
    """Show a page in a size and with the appearance of a system."""
    _tell(browser, "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    _resize(browser, width, height)
    browser.get(url)
    wait_until_still(browser)


def _resize(browser: webdriver.Chrome, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 768}
    _tell(browser, "Emulation.setDeviceMetricsOverride", **size)


def _tell(browser: webdriver.Chrome, command: str, **parameters: Any) -> None:
    browser.execute_cdp_cmd(command, parameters)


def take(browser: webdriver.Chrome, url: str, to: Path, *, is_whole: bool) -> None:
    """Write the pictures of one page."""
    for size, (width, height) in SIZES.items():
        for theme in ("light", "dark"):
            show(browser, url, width, height, theme)
            if is_whole:
                _resize(browser, width, min(browser.execute_script(WHOLE_HEIGHT), 6000))
                time.sleep(DRAWING)
            for text in cut_texts(browser):
                print(f"{to.name} {size}: cut {text!r}")
            picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
            if not is_whole:
                picture.thumbnail((WIDEST, WIDEST))
                picture = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            picture.save(to.with_name(f"{to.name}_{size}_{theme}.png"), optimize=True)


def main() -> None:
    """Take the pictures of a home."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--only", nargs="*", default=list(PICTURES))
    parser.add_argument("--whole", action="store_true")
    given = parser.parse_args()
    given.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        browser = started(Path(folder) / "profile")
        try:
            # Commands on the pages are then short, whatever the folder of this project.
            on_path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
            with serving(SERVE, "/_stcore/health", given.home.absolute(), Path(folder), on_path) as address:
                for name in given.only:
                    take(browser, f"{address}/{PICTURES[name]}", given.to / name, is_whole=given.whole)
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
