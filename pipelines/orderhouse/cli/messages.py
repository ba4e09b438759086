"""Commands about messages: what is in the outbox, their texts, their delivery, and the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.session import console, counted, grid, settings_of
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.messages.delivering import Delivery
    from orderhouse.settings import Settings

__all__ = ["add_commands", "tell_of_messages"]

message_commands = typer.Typer(no_args_is_help=True, help="Messages to customers, and the channels they take.")

MessageId = Annotated[str, typer.Argument(help="Id of a message, or the beginning of it.", metavar="MESSAGE")]
ChannelName = Annotated[str, typer.Argument(help="Name of a channel in messages.yaml.", metavar="CHANNEL")]
SHOWN_ID = 8


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(message_commands, name="messages")


@message_commands.command("list")
def messages_list(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only messages in this state, such as pending or held.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only messages of this kind, such as dispatched.")] = None,
    order: Annotated[str | None, typer.Option(help="Only messages about this order.")] = None,
    newest: Annotated[int, typer.Option(min=1, max=10_000, help="Number of messages.")] = 50,
) -> None:
    """Show the newest messages, the number of all by state, and the channels."""
    from orderhouse.config_values import require_known
    from orderhouse.messages.endpoints import endpoint_states
    from orderhouse.messages.outbox import STATES, list_messages
    from orderhouse.messages.service import count_by_state
    from orderhouse.operations.store import open_store

    settings = settings_of(context)
    if state is not None:
        try:
            require_known("state", state, STATES)
        except ValueError as error:
            raise OrderhouseError(f"--state: {error}") from None
    store = open_store(settings)
    rows = [
        (each.message_id[:SHOWN_ID], each.kind, each.subject_id, each.endpoint, each.state, each.created_at[:16],
         each.reason or each.last_error)
        for each in list_messages(store, state=state, kind=kind, order_id=order, limit=newest)
    ]  # fmt: skip
    if not rows:
        console.print("There are no such messages.")
        return
    console.print(grid("Messages", ("id", "kind", "about", "channel", "state", "since (UTC)", "why"), rows))
    counts = count_by_state(store)
    console.print(", ".join(f"{count:,} {name}" for name, count in counts.items()) + ".")
    for found in endpoint_states(store).values():
        if found.paused_at is not None:
            console.print(
                f"{found.endpoint} is paused since {found.paused_at[:16]} UTC: {found.last_error or 'by hand'} "
                f"Next: orderhouse messages resume {found.endpoint}",
                style="yellow",
                markup=False,
                soft_wrap=True,
            )


@message_commands.command("show")
def messages_show(context: typer.Context, message: MessageId) -> None:
    """Show one message and the text that it has now. The name of the customer is left out."""
    from orderhouse.messages.managing import shown_text
    from orderhouse.messages.outbox import find_message
    from orderhouse.messages.service import opened_version
    from orderhouse.operations.store import open_store

    settings = settings_of(context)
    found = find_message(open_store(settings), message)
    facts = {name: value for name, value in vars(found).items() if name != "payload" and value is not None}
    console.print(grid(found.message_id, ("", ""), facts.items()))
    with opened_version(settings) as published:
        try:
            text = shown_text(settings, published, found)
        except OrderhouseError as error:
            console.print(error.message, style="yellow", markup=False, soft_wrap=True)
            return
    console.print(f"\n{text.title}\n\n{text.text}\n{text.short}", markup=False, soft_wrap=True)


@message_commands.command("send")
def messages_send(context: typer.Context) -> None:
    """Deliver what is due now. `orderhouse up` does it every half minute."""
    from orderhouse.messages.service import deliver_messages, derive_messages
    from orderhouse.schedules.handing import Operators

    settings = settings_of(context)
    derive_messages(settings)
    result, closed = deliver_messages(settings, operators=Operators(settings))
    _print_delivery(result, closed)
    if result.errors:
        raise OrderhouseError(" ".join(result.errors.values()))


@message_commands.command("retry")
def messages_retry(context: typer.Context, message: MessageId) -> None:
    """Try a message again that failed. It keeps its id."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.messages.managing import retry

    found = retry(settings_of(context), message, actor=machine_user(), role="admin")
    console.print(f"{found.message_id} is pending again. Next: orderhouse messages send")


@message_commands.command("check")
def messages_check(context: typer.Context) -> int:
    """Render every template in every language for every stage, and report mistakes with file and line."""
    from orderhouse.messages.checking import check_templates
    from orderhouse.messages.configuration import load_configuration
    from orderhouse.sources.config.sources_file import merchant_of

    settings = settings_of(context)
    checked = check_templates(load_configuration(settings), merchant_of(settings).business_time_zone or "UTC")
    for problem in checked.problems:
        console.print(problem, style="red", markup=False, soft_wrap=True)
    console.print(f"{counted(checked.texts, 'text')} rendered, {counted(len(checked.problems), 'mistake')}.")
    return 2 if checked.problems else 0


@message_commands.command("pause")
def messages_pause(context: typer.Context, channel: ChannelName) -> None:
    """Pause a channel. Its messages are kept in order."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.messages.managing import pause_endpoint

    pause_endpoint(settings_of(context), channel, actor=machine_user(), role="admin")
    console.print(f"{channel} is paused. Next: orderhouse messages resume {channel}", markup=False)


@message_commands.command("resume")
def messages_resume(context: typer.Context, channel: ChannelName) -> None:
    """Test a paused channel, and go on if it works."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.messages.managing import resume_endpoint
    from orderhouse.messages.service import deliver_messages
    from orderhouse.schedules.handing import Operators

    settings = settings_of(context)
    resume_endpoint(settings, channel, actor=machine_user(), role="admin")
    console.print(f"{channel} works.", markup=False)
    _print_delivery(*deliver_messages(settings, operators=Operators(settings)))


@message_commands.command("release")
def messages_release(
    context: typer.Context,
    send: Annotated[bool, typer.Option("--send", help="Send what waits.")] = False,
    withhold: Annotated[bool, typer.Option("--withhold", help="Withhold for good what waits.")] = False,
) -> int:
    """Go on after a restore or the loss of the operations store. Without an option, show what waits."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.messages.outbox import count_messages
    from orderhouse.messages.releases import release
    from orderhouse.operations.audit_log import record
    from orderhouse.operations.store import open_store

    settings = settings_of(context)
    store = open_store(settings)
    if send == withhold:
        waiting = [(*key[:2], count) for key, count in count_messages(store).items() if key[2] == "pending"]
        console.print(grid("Waiting", ("channel", "kind", "messages"), waiting, numbers=("messages",)))
        console.print("Some may have been sent after the backup was taken. Add --send or --withhold.", soft_wrap=True)
        return 2
    record(settings, actor=machine_user(), role="admin", action="message_release", subject="send" if send else "none")
    count = release(settings, store, sends=send)
    console.print(f"Released: {counted(count, 'message')} {'will be sent' if send else 'withheld for good'}.")
    return 0


def tell_of_messages(settings: Settings) -> None:
    """Deliver after a run, and print what waits. A mistake here does not change the result of the run."""
    from orderhouse.messages.configuration import load_configuration
    from orderhouse.messages.service import count_waiting, deliver_messages
    from orderhouse.schedules.handing import Operators

    try:
        if load_configuration(settings).routes:
            _print_delivery(*deliver_messages(settings, seconds=SECONDS_AFTER_RUN, operators=Operators(settings)))
        held = count_waiting(settings).get("held", 0)
    except OrderhouseError as error:
        console.print(f"Messages were not sent: {error.message}", style="yellow", markup=False, soft_wrap=True)
        return
    if held:
        console.print(f"{counted(held, 'message')} waiting (dry run). Next: orderhouse messages list", soft_wrap=True)


SECONDS_AFTER_RUN = 30.0


def _print_delivery(result: Delivery, closed: str) -> None:
    if closed:
        console.print(
            f"Nothing is sent to customers: {closed}. Next: orderhouse messages release", style="yellow", soft_wrap=True
        )
    elif result.is_busy:
        console.print("A run is busy. What is due is sent after it.", style="yellow")
    console.print(
        f"{counted(result.sent, 'message')} sent, {result.retried:,} to be tried again, {result.failed:,} failed, "
        f"{result.withheld:,} withheld, {result.postponed:,} for later."
    )
    for name, error in result.errors.items():
        console.print(f"{name}: {error}", style="yellow", markup=False, soft_wrap=True)
    for name in result.paused:
        console.print(f"{name} is paused. Next: orderhouse messages resume {name}", style="red", markup=False)
