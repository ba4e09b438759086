"""Hypothesis profiles, and which files come first.

The default profile is for every run, `--hypothesis-profile=thorough` for a long search.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Files of half a minute and more, the longest first: one worker takes a whole file, and one begun last would keep the
# other worker waiting for its end.
LONGEST = (
    "integration/test_runs.py",
    "properties/test_record_repair.py",
    "repair/test_records.py",
    "browser/test_dashboards.py",
    "integration/test_online_retail.py",
    "browser/test_access.py",
    "properties/test_kills.py",
    "browser/test_rules.py",
    "properties/test_repair.py",
    "integration/test_explain.py",
    "integration/test_known_at.py",
    "browser/test_day_in_the_life.py",
    "browser/test_attacking_page.py",
    "properties/test_incremental_builds.py",
    "integration/test_closing.py",
    "integration/test_definitions.py",
    "browser/test_acting.py",
    "mutation/test_planted.py",
    "properties/test_arrival_order.py",
    "doctor/test_examining.py",
    "transform/test_building.py",
    "integration/test_privacy.py",
    "oracle/test_simulated_worlds.py",
    "oracle/test_chaotic_worlds.py",
    "properties/test_real_arrival_order.py",
    "cli/test_commands.py",
    "integration/test_known_at_interventions.py",
    "integration/test_olist.py",
    "erasure/test_personal_ids.py",
    "integration/test_revenue_rules.py",
    "audit/test_identities.py",
    "integration/test_stripe_and_woocommerce.py",
    "erasure/test_erasing.py",
    "ingest/test_bad_input.py",
    "dashboards/test_pages.py",
    "integration/test_object_store.py",
    "integration/test_actions.py",
    "backup/test_restoring.py",
    "integration/test_adding_a_source.py",
    "integration/test_feed_rules.py",
    "cli/test_quarantine.py",
    "integration/test_two_runs.py",
    "integration/test_ordered_units.py",
    "dagster/test_run.py",
)

# Messages then say `orderhouse`, wherever the environment is.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"

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
