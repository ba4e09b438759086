"""Predictions as an asset between build and audit. Predictors belong to `orderhouse.predict`."""

import dagster as dg
from orderhouse.predict.running import predict

from orderhouse_dagster.resources import WarehouseParam

__all__ = ["PREDICTIONS_KEY", "predictions_asset"]

PREDICTIONS_KEY = dg.AssetKey(["predictions", "latest"])


def predictions_asset(models: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Return the asset of the predictions from the built tables. A predictor that fails is told, and fails no run."""

    @dg.asset(
        key=PREDICTIONS_KEY,
        deps=list(models.keys),
        group_name="predictions",
        kinds={"python"},
        description="What predictors computed from this build. Models that read it are computed in the same step.",
    )
    def predicted(context: dg.AssetExecutionContext, warehouse: WarehouseParam) -> dg.MaterializeResult[None]:
        with warehouse.step("predict") as settings:
            result = predict(settings, daily=warehouse.train, show_status=warehouse.show_status)
        warehouse.predicted = result
        for sentence in result.failures.values():
            context.log.warning(sentence)
        return dg.MaterializeResult(metadata={**result.rows, "failed": ", ".join(result.failures)})

    return predicted
