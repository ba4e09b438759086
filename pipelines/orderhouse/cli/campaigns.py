"""Commands of campaigns: their audiences, starts, states and results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.access import role_given
from orderhouse.cli.session import console, counted, grid, settings_of

if TYPE_CHECKING:
    from orderhouse.campaigns.audience import Audience
    from orderhouse.campaigns.results import Arm

__all__ = ["add_commands", "print_started"]

campaign_commands = typer.Typer(no_args_is_help=True, help="Campaigns of campaigns.yaml, and what they sold.")

Name = Annotated[str, typer.Argument(help="Name of the campaign.", metavar="CAMPAIGN")]
AsRole = Annotated[str | None, typer.Option("--as-role", metavar="ROLE", help="Act as this role.")]
ARMS = {"treated": "treated", "held_out": "held out", "global_control": "control group"}


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(campaign_commands, name="campaigns")


@campaign_commands.command("check")
def campaigns_check(context: typer.Context) -> int:
    """Read the file, and compare each campaign with the tables and the channels."""
    from orderhouse.campaigns.campaigns_file import campaigns_path, load_campaigns
    from orderhouse.campaigns.starting import check_campaigns

    settings = settings_of(context)
    problems = check_campaigns(settings)
    for sentence in problems:
        console.print(sentence, style="red", markup=False, soft_wrap=True)
    if not problems:
        number = counted(len(load_campaigns(settings)), "campaign")
        console.print(f"{campaigns_path(settings)}: {number}, and nothing is wrong.", markup=False, soft_wrap=True)
    return 2 if problems else 0


@campaign_commands.command("list")
def campaigns_list(context: typer.Context) -> None:
    """List the campaigns with their states, and the messages by state."""
    from orderhouse.campaigns.results import list_campaigns

    found = list_campaigns(settings_of(context))
    if not found:
        console.print("There are no campaigns. docs/campaigns.md says how to write one.")
        return
    rows = [
        (
            each.campaign_id, each.title, each.state, each.priority,
            each.started.started_at[:16] if each.started else each.start_at and f"at {each.start_at:%Y-%m-%d %H:%M}",
            each.started and each.started.members_count,
            ", ".join(f"{count:,} {state}" for state, count in sorted(each.messages.items())),
        )
        for each in found
    ]  # fmt: skip
    names = ("campaign", "title", "state", "priority", "start (UTC)", "members", "messages")
    console.print(grid("Campaigns", names, rows, numbers=("priority", "members")))


@campaign_commands.command("preview")
def campaigns_preview(context: typer.Context, name: Name) -> None:
    """Show whom a campaign would have now, and who falls out why. Nothing is stored."""
    from orderhouse.campaigns.campaigns_file import campaign_named
    from orderhouse.campaigns.starting import preview

    settings = settings_of(context)
    _print_audience(preview(settings, campaign_named(settings, name)))


@campaign_commands.command("start")
def campaigns_start(context: typer.Context, name: Name, as_role: AsRole = None) -> None:
    """Freeze the members of a campaign. Its messages go after the next run has published them."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.campaigns.starting import start

    settings = settings_of(context)
    audience = start(settings, name, actor=machine_user(), role=role_given(settings, as_role))
    if audience is None:
        console.print(f"{name} has started before; its members stay as they are.")
        return
    _print_audience(audience)
    console.print(f"{name} has started. Next: orderhouse run")


@campaign_commands.command("pause")
def campaigns_pause(context: typer.Context, name: Name, as_role: AsRole = None) -> None:
    """Let the messages of a campaign wait."""
    _set_state(context, name, "paused", as_role)


@campaign_commands.command("resume")
def campaigns_resume(context: typer.Context, name: Name, as_role: AsRole = None) -> None:
    """Let the messages of a paused campaign go on."""
    _set_state(context, name, "running", as_role)


@campaign_commands.command("stop")
def campaigns_stop(context: typer.Context, name: Name, as_role: AsRole = None) -> None:
    """End the messages of a campaign for good. Its members and results stay."""
    _set_state(context, name, "stopped", as_role)


@campaign_commands.command("results")
def campaigns_results(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Name of one campaign. Default: all.", metavar="[CAMPAIGN]")
    ] = None,
) -> None:
    """Show members, buyers and net sales of each arm, and the lift with its 95 % interval."""
    from orderhouse.campaigns.results import results_of

    found = results_of(settings_of(context), name)
    if not found:
        console.print("No members are published. A campaign has results after the run that follows its start.")
        return
    rows = [
        (
            each.campaign_id, ARMS.get(each.arm, each.arm), each.members_count, each.messages_sent, each.buyers_count,
            each.orders_count, each.net_sales_amount_reporting, each.net_sales_per_member,
        )
        for each in found
    ]  # fmt: skip
    names = ("campaign", "arm", "members", "sent", "buyers", "orders", "net sales", "per member")
    console.print(grid("Results", names, rows, numbers=names[2:]))
    for each in found:
        if each.arm == "treated":
            console.print(f"{each.campaign_id}: {lift_sentence(each)}", markup=False, soft_wrap=True)


def lift_sentence(arm: Arm) -> str:
    """Return what is known of the lift, as one or two sentences."""
    if arm.lift_per_member is None:
        return "no lift can be computed: it needs two members in both arms, purchases that vary, and all rates."
    sign = "+" if arm.lift_per_member >= 0 else ""
    said = "an effect" if arm.has_effect else "no effect that could be told from chance"
    sentence = (
        f"lift {sign}{arm.lift_per_member:,.2f} per member (95 %: {arm.lift_low_per_member:,.2f} to "
        f"{arm.lift_high_per_member:,.2f}, p = {arm.p_value:.3f}): {said}. It could have seen "
        f"{arm.detectable_lift_per_member:,.2f} with a power of 80 %."
    )
    if not arm.is_complete:
        sentence += f" The window ends on {arm.window_ends_at:%Y-%m-%d}, so the figures still grow."
    return sentence


@campaign_commands.command("export")
def campaigns_export(
    context: typer.Context,
    name: Name,
    layout: Annotated[str, typer.Option(help="klaviyo, mailchimp or hubspot.")],
    to: Annotated[Path, typer.Option(help="The CSV file to write.")],
    reason: Annotated[str, typer.Option(help="Why addresses leave this home.")],
    as_role: AsRole = None,
) -> None:
    """Write the treated members who consent, in the columns that a tool imports. It is recorded."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.campaigns.addresses import export_audience

    settings = settings_of(context)
    role = role_given(settings, as_role)
    count = export_audience(settings, name, layout, to, reason=reason, actor=machine_user(), role=role)
    console.print(f"{counted(count, 'person', 'people')} in {to}.", markup=False, soft_wrap=True)


def print_started(started: dict[str, str]) -> None:
    """Print what became of campaigns whose instant has come."""
    for name, outcome in started.items():
        console.print(f"Campaign {name}: {outcome}", style=None if outcome == "started" else "yellow", soft_wrap=True)


def _set_state(context: typer.Context, name: str, state: str, as_role: str | None) -> None:
    from orderhouse.access.visitors import machine_user
    from orderhouse.campaigns.starting import set_state

    settings = settings_of(context)
    set_state(settings, name, state, actor=machine_user(), role=role_given(settings, as_role))
    console.print(f"{name} is {state}.")


def _print_audience(audience: Audience) -> None:
    from orderhouse.campaigns.audience import REASONS

    console.print(f"{counted(audience.matched, 'customer')} match.")
    for reason, count in audience.left_out.items():
        if count:
            console.print(f"  {count:,} fall out: {REASONS[reason]}", soft_wrap=True)
    for arm, count in audience.arms.items():
        console.print(f"  {count:,} {ARMS[arm]}")
