"""Command of predictions: let predictors compute over the last build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.session import console, counted, settings_of

if TYPE_CHECKING:
    from orderhouse.predict.running import Predicted

__all__ = ["add_commands", "print_predicted"]


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(predict)


def predict(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The predictor; by default all that are due.")] = None,
) -> None:
    """Train forecasts and other predictors on the tables of the last build, and store what they predict."""
    from orderhouse.predict.running import predict as compute
    from orderhouse.storage.warehouse import run_lock

    settings = settings_of(context)
    with run_lock(settings, "predict"), console.status("Preparing the predictors") as status:
        result = compute(settings, name=name, daily=True, show_status=status.update)
    print_predicted(result)
    if not result.rows and not result.failures:
        console.print("No predictor is due: all have predicted from the last build.")
    elif result.tables:
        console.print("Next: orderhouse audit")


def print_predicted(result: Predicted) -> None:
    """Print what each predictor stored, and which failed."""
    for predictor, rows in result.rows.items():
        seconds = result.seconds.get(predictor, 0.0)
        console.print(f"Predicted {predictor}: {counted(rows, 'row')} in {seconds:.1f} s.")
    for sentence in result.failures.values():
        console.print(sentence, style="yellow", markup=False, soft_wrap=True)
