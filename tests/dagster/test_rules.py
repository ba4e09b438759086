"""Rules as an asset: a mistake in them is recorded and told, and what was published stays so."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from orderhouse.monitoring.conditions import find_conditions
from orderhouse.settings import Settings
from orderhouse_dagster.resources import Warehouse
from orderhouse_dagster.rules import rules_fired

from tests.dashboards.published_home import publish

RULE = (
    "rules:\n  r:\n    on: orders\n    when: {field: FIELD, eq: late}\n    then: [{notify: {role: agent, text: x}}]\n"
)


def fire(settings: Settings) -> Warehouse:
    """Materialize the asset, and return the warehouse afterwards."""
    warehouse = Warehouse(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        resources = {"warehouse": dg.ResourceDefinition.hardcoded_resource(warehouse)}
        assert dg.materialize([rules_fired], instance=instance, resources=resources).success
    return warehouse


def told(settings: Settings) -> list[str]:
    """Return the conditions about rules."""
    return [found.message for found in find_conditions(settings) if found.kind == "rules_stopped"]


def test_rules_with_a_mistake_stop_the_rules_and_not_the_run(tmp_path: Path) -> None:
    publish(tmp_path)
    settings = Settings(home=tmp_path)
    (tmp_path / "rules.yaml").write_text(RULE.replace("FIELD", "stagee"), encoding="utf-8")
    warehouse = fire(settings)
    assert warehouse.ruled is None
    assert "there is no field 'stagee'; did you mean 'stage'?" in (warehouse.rules_problem or "")
    (message,) = told(settings)
    assert message.startswith("No rule fires. ")
    (tmp_path / "rules.yaml").write_text(RULE.replace("FIELD", "stage"), encoding="utf-8")
    warehouse = fire(settings)
    assert warehouse.ruled is not None
    assert warehouse.ruled.fired["r"] > 0
    assert told(settings) == []
