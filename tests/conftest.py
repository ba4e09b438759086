"""Hypothesis profiles: the default one is for every run, `--hypothesis-profile=thorough` for a long search."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "thorough",
    max_examples=20_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

# A busy machine is no failure; where Hypothesis chose a profile itself (continuous integration), that stays.
if settings.get_current_profile_name() == "default":
    settings.register_profile("unhurried", deadline=None)
    settings.load_profile("unhurried")
