"""Fixtures: a published home, and a function that writes its campaigns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest
from orderhouse.campaigns.campaign import Campaign
from orderhouse.campaigns.campaigns_file import load_campaigns
from orderhouse.settings import Settings

from tests.dashboards.published_home import publish

WriteCampaigns = Callable[[str], list[Campaign]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Publish 800 orders in a new home, and return its settings."""
    publish(tmp_path)
    return Settings(home=tmp_path)


@pytest.fixture
def write_campaigns(settings: Settings) -> WriteCampaigns:
    """Return a function that writes the campaigns of the home and reads them."""

    def write(campaigns: str) -> list[Campaign]:
        text = "campaigns:\n" + indent(dedent(campaigns), "  ")
        (settings.home / "campaigns.yaml").write_text(text, encoding="utf-8")
        return load_campaigns(settings)

    return write
