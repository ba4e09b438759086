"""Commands about alerts: what holds now, a review that tells the channels, and a test of the channels."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from orderhouse.cli.session import console, counted, grid, settings_of
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.monitoring.alerts import Review
    from orderhouse.settings import Settings

__all__ = ["add_commands", "review_after_run"]

alert_commands = typer.Typer(no_args_is_help=True, help="Conditions that need a person, and who is told.")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(alert_commands, name="alerts")


@alert_commands.command("list")
def alerts_list(context: typer.Context) -> None:
    """Show the conditions that hold now. Nobody is told."""
    from orderhouse.monitoring.conditions import find_conditions

    found = find_conditions(settings_of(context))
    if not found:
        console.print("Nothing needs a person.")
        return
    rows = [(each.severity, each.kind, each.subject, each.message) for each in found]
    console.print(grid("Conditions", ("severity", "kind", "subject", "message"), rows))


@alert_commands.command("review")
def alerts_review(context: typer.Context) -> None:
    """Tell the configured channels what is new and what is over. `orderhouse up` does it every minute."""
    from orderhouse.monitoring.alerts import review_alerts

    review = review_alerts(settings_of(context))
    _print_review(review)
    if review.failures:
        raise OrderhouseError(" ".join(review.failures.values()))


@alert_commands.command("test")
def alerts_test(context: typer.Context) -> None:
    """Send a test notice through every configured channel."""
    from orderhouse.monitoring.notices import Notice, channels_of

    channels = channels_of(settings_of(context))
    if not channels:
        raise OrderhouseError("No channel is configured. Set alert_webhook, or alert_emails with smtp_server.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    notice = Notice(str(uuid.uuid4()), "test", now, "test", "channels", "medium", "This is a test.", now)
    for name, send in channels.items():
        send(notice)
        console.print(f"{name}: delivered.")


def review_after_run(settings: Settings) -> None:
    """Review the alerts after a run; a channel that cannot be told does not change the result of the run."""
    from orderhouse.monitoring.alerts import review_alerts

    try:
        _print_review(review_alerts(settings))
    except OrderhouseError as error:
        console.print(f"Alerts were not reviewed: {error.message}", style="yellow", markup=False)


def _print_review(review: Review) -> None:
    for alert in review.raised:
        if alert.kind == "run_failed":
            continue  # the command ends with the same sentence
        console.print(f"Alert: {alert.message}", style="red", markup=False, soft_wrap=True)
    for alert in review.cleared:
        console.print(f"Over: {alert.kind} ({alert.subject}), since {alert.since}.", style="green", markup=False)
    if review.open and not review.raised:
        console.print(f"{counted(len(review.open), 'alert')} open. Next: orderhouse alerts list", style="yellow")
    for failure in review.failures.values():
        console.print(f"{failure} It is tried again at the next review.", style="yellow", markup=False, soft_wrap=True)
