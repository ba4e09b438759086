"""Rules as an asset: they fire over each published version, and campaigns start whose instant has come.

What they do belongs to `orderhouse.rules` and `orderhouse.campaigns`.
"""

import dagster as dg
from orderhouse.campaigns.starting import start_due
from orderhouse.errors import OrderhouseError
from orderhouse.rules.running import run_rules
from orderhouse.storage.problem_records import record_problem

from orderhouse_dagster.publishing import PUBLISHED_KEY
from orderhouse_dagster.resources import WarehouseParam

__all__ = ["RULES_KEY", "rules_fired"]

RULES_KEY = dg.AssetKey(["operations", "rules"])


@dg.asset(key=RULES_KEY, deps=[PUBLISHED_KEY], group_name="operations", kinds={"python"})
def rules_fired(context: dg.AssetExecutionContext, warehouse: WarehouseParam) -> dg.MaterializeResult[None]:
    """Let the rules fire. A mistake in a rule is recorded and told by an alert; what was published stays so."""
    warehouse.show_status("Looking at the rules")
    try:
        result = run_rules(warehouse.settings)
    except OrderhouseError as error:
        record_problem(warehouse.settings, "rules", error.message)
        warehouse.rules_problem = error.message
        context.log.warning(error.message)
        return dg.MaterializeResult(metadata={"problem": error.message})
    record_problem(warehouse.settings, "rules", None)
    warehouse.ruled = result
    started = _start_campaigns(warehouse, context)
    return dg.MaterializeResult(
        metadata={
            "firings": sum(result.fired.values()),
            "rules that ask": ", ".join(result.asking),
            "approvals that wait": result.waiting,
            "campaigns": started,
        }
    )


def _start_campaigns(warehouse: WarehouseParam, context: dg.AssetExecutionContext) -> str:
    """Start the campaigns whose instant has come. A mistake in their file is told and changes nothing else."""
    try:
        started = start_due(warehouse.settings)
    except OrderhouseError as error:
        context.log.warning(error.message)
        return error.message
    for name, outcome in started.items():
        context.log.info(f"Campaign {name}: {outcome}")
    return ", ".join(f"{name}: {outcome}" for name, outcome in started.items())
