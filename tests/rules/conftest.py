"""Fixtures: a published home, and a function that writes its rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest
from orderhouse.rules.rule import Rule
from orderhouse.rules.rules_file import load_rules
from orderhouse.settings import Settings

from tests.dashboards.published_home import publish

WriteRules = Callable[[str], list[Rule]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Publish 800 orders in a new home, and return its settings."""
    publish(tmp_path)
    return Settings(home=tmp_path)


@pytest.fixture
def write_rules(settings: Settings) -> WriteRules:
    """Return a function that writes the rules of the home and reads them."""

    def write(rules: str) -> list[Rule]:
        (settings.home / "rules.yaml").write_text("rules:\n" + indent(dedent(rules), "  "), encoding="utf-8")
        return load_rules(settings)

    return write
