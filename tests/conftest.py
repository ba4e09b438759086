"""Hypothesis profiles, and which files come first.

The default profile is for every run, `--hypothesis-profile=thorough` for a long search.
"""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Files of a minute and more, the longest first: one worker takes a whole file, and one begun last would keep the other
# worker waiting for its end.
LONGEST = (
    "integration/test_runs.py",
    "integration/test_online_retail.py",
    "properties/test_arrival_order.py",
    "integration/test_closing.py",
    "properties/test_real_arrival_order.py",
    "properties/test_kills.py",
    "integration/test_known_at.py",
    "properties/test_repair.py",
    "properties/test_record_repair.py",
    "browser/test_dashboards.py",
    "repair/test_records.py",
    "integration/test_privacy.py",
    "integration/test_definitions.py",
    "integration/test_stripe_and_woocommerce.py",
    "transform/test_building.py",
    "integration/test_feed_rules.py",
    "integration/test_two_runs.py",
    "integration/test_explain.py",
    "integration/test_journal.py",
)

settings.register_profile(
    "thorough",
    max_examples=20_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

# A busy machine is not a failure. A profile that Hypothesis chose itself (continuous integration) stays.
if settings.get_current_profile_name() == "default":
    settings.register_profile("unhurried", deadline=None)
    settings.load_profile("unhurried")


def pytest_sessionstart() -> None:
    """Collect garbage as seldom as the command line does: dbt's manifest makes each search long."""
    gc.set_threshold(100_000, 50, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files first and the rest in the order of their names."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))
