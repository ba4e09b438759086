"""Tests of the export job: whoever may start it does not choose where data goes."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from orderhouse.settings import Settings
from orderhouse_dagster.publishing import exports
from orderhouse_dagster.resources import Warehouse


def test_export_to_a_destination_that_the_settings_do_not_name_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    for place in (str(elsewhere), "s3://attacker?endpoint_override=attacker.example"):
        result = dg.materialize(
            [exports],
            resources={"warehouse": Warehouse(Settings(home=tmp_path / "home"))},
            run_config={"ops": {"exports__latest": {"config": {"to": place}}}},
            raise_on_error=False,
        )
        failure = result.get_step_failure_events()[0].step_failure_data
        assert "export_destinations" in str(failure.user_failure_data)
    assert not elsewhere.exists()
