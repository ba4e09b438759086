"""Commands of rules: what they would do, what they did, and decisions that they wait for."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.access import role_given
from orderhouse.cli.session import console, counted, grid, settings_of
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.rules.firings import Firing
    from orderhouse.rules.rule import Rule
    from orderhouse.rules.running import RulesRun
    from orderhouse.settings import Settings

__all__ = ["add_commands", "print_rules_run"]

rules_commands = typer.Typer(no_args_is_help=True, help="Rules of rules.yaml: what is done by itself.")

Name = Annotated[str | None, typer.Argument(help="Name of one rule. Default: all.", metavar="[RULE]")]
AsRole = Annotated[str | None, typer.Option("--as-role", metavar="ROLE", help="Decide as this role.")]
Reason = Annotated[str | None, typer.Option(help="Reason of the decision.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(rules_commands, name="rules")


@rules_commands.command("check")
def check(
    context: typer.Context,
    name: Name = None,
    rows: Annotated[int, typer.Option(help="Rows that are shown of each rule.")] = 5,
) -> int:
    """Show what each rule matches now and would do, those that are switched off too. Nothing is done."""
    from orderhouse.rules.contradictions import contradictions
    from orderhouse.rules.rules_file import path_in_force
    from orderhouse.rules.running import preview_rules

    settings = settings_of(context)
    chosen, path = _chosen(settings, name), path_in_force(settings)
    console.print(f"Rules of {path}", soft_wrap=True, markup=False)
    for preview in preview_rules(settings, chosen):
        rule = preview.match.rule
        state = "on" if rule.is_enabled else "off"
        asks = (
            " It would stop and ask, because that is more than its limit."
            if preview.new.height > rule.limit_per_run
            else ""
        )
        console.print(
            f"{rule.name} ({state}, {rule.table}): {preview.match.rows.height:,} match, "
            f"{preview.new.height:,} would fire.{asks}",
            markup=False, soft_wrap=True,
        )  # fmt: skip
        shown = preview.new.select([each for each in preview.new.columns if not each.startswith("_")]).head(rows)
        if shown.height:
            console.print(grid("", tuple(shown.columns), shown.rows()))
    wrong = contradictions(chosen)
    for sentence in wrong:
        console.print(f"{path}: {sentence}.", style="red", markup=False, soft_wrap=True)
    return 2 if wrong else 0


@rules_commands.command("list")
def rules_list(context: typer.Context) -> None:
    """List the rules with their steps, and those that ask because they would fire too often."""
    from orderhouse.rules.stops import stops

    settings = settings_of(context)
    found = [
        (
            each.name,
            "on" if each.is_enabled else "off",
            each.table,
            " → ".join(step.kind for step in each.steps),
            each.title,
        )
        for each in _chosen(settings, None)
    ]
    console.print(grid("Rules", ("rule", "state", "table", "steps", "title"), found))
    for stop in stops(settings):
        if stop.allowed_count is None:
            console.print(
                f"{stop.rule} would fire {stop.firings_count:,} times, more than its limit, and waits since "
                f"{stop.asked_at[:16]} UTC. Next: orderhouse rules allow {stop.rule}",
                style="yellow", soft_wrap=True,
            )  # fmt: skip


@rules_commands.command("run")
def run(context: typer.Context) -> None:
    """Let the rules fire over the current published version. Every run does it after it has published."""
    from orderhouse.rules.running import run_rules

    print_rules_run(run_rules(settings_of(context)))


@rules_commands.command("replay")
def replay(
    context: typer.Context,
    name: Name = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First business day.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last business day.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Days from one replayed day to the next.")] = 1,
) -> None:
    """Show what the rules would have done on past days, by the tables as they were known at the end of each."""
    from orderhouse.rules.replaying import replay_rules

    settings = settings_of(context)
    begin, end = _day(first, "--from"), _day(last, "--to")
    found = []
    with console.status("Replaying") as status:
        for each in replay_rules(
            settings, _chosen(settings, name), begin, end, every_days=every,
            on_day=lambda day: status.update(f"Building {day} as it was known"),
        ):  # fmt: skip
            examples = ", ".join(each.rows["_subject"].head(3).str.replace_all("\x1f", " / ").to_list())
            found.append((each.day, each.rule, each.matched, each.rows.height, examples))
    if not found:
        console.print(f"Nothing had been received by the end of {end}.")
        return
    console.print(grid("What would have fired", ("day", "rule", "matched", "fired", "first subjects"), found))


@rules_commands.command("firings")
def firings(
    context: typer.Context,
    name: Name = None,
    order: Annotated[str | None, typer.Option(help="Of one order.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most firings that are shown.")] = 30,
) -> None:
    """List what fired, the newest first, with what became of each step."""
    from orderhouse.operations.store import open_store
    from orderhouse.rules.firings import list_firings

    found = list_firings(open_store(settings_of(context)), rule=name, order_id=order, limit=limit)
    if not found:
        console.print("Nothing has fired.")
        return
    rows = [(each.fired_at[:16], each.rule, each.subject, each.state, each.told) for each in found]
    console.print(grid("Firings", ("at (UTC)", "rule", "subject", "state", "steps"), rows))


@rules_commands.command("allow")
def allow_rule(context: typer.Context, name: Annotated[str, typer.Argument(metavar="RULE")]) -> None:
    """Let a rule that asks fire in the next run, as often as it asked for."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.rules.stops import allow

    stop = allow(settings_of(context), name, actor=machine_user(), role="admin")
    console.print(f"{stop.rule} may fire {stop.firings_count:,} times in the next run.")


@rules_commands.command("approvals")
def approvals(context: typer.Context) -> None:
    """List the approvals that rules wait for, the oldest first."""
    from orderhouse.rules.approvals import waiting_approvals

    found = [
        (
            each.approval_id[:8],
            each.asked_at[:16],
            each.role,
            each.firing.rule,
            each.firing.subject,
            _cents(each.firing),
        )
        for each in waiting_approvals(settings_of(context))
    ]
    if not found:
        console.print("Nothing waits for an approval.")
        return
    console.print(grid("Approvals", ("id", "since (UTC)", "role", "rule", "subject", "amount"), found))


@rules_commands.command("approve")
def approve(context: typer.Context, approval: str, reason: Reason = None, as_role: AsRole = None) -> None:
    """Let the steps be taken that wait for an approval."""
    _decide(context, approval, approves=True, reason=reason, as_role=as_role)


@rules_commands.command("decline")
def decline(context: typer.Context, approval: str, reason: Reason = None, as_role: AsRole = None) -> None:
    """Refuse the steps that wait for an approval."""
    _decide(context, approval, approves=False, reason=reason, as_role=as_role)


def _decide(context: typer.Context, begins: str, *, approves: bool, reason: str | None, as_role: str | None) -> None:
    from orderhouse.access.visitors import machine_user
    from orderhouse.rules.approvals import decide, waiting_approvals

    settings = settings_of(context)
    found = [each for each in waiting_approvals(settings) if each.approval_id.startswith(begins)]
    if len(found) != 1:
        raise OrderhouseError(
            f"{len(found)} waiting approvals begin with {begins!r}. See `orderhouse rules approvals`."
        )
    role = role_given(settings, as_role)
    done = decide(settings, found[0].approval_id, actor=machine_user(), role=role, approves=approves, reason=reason)
    word = "approved; the next run takes the steps" if approves else "declined"
    console.print(f"{done.firing.rule}, {done.firing.subject}: {word}.")


def print_rules_run(result: RulesRun) -> None:
    """Print what rules did."""
    if result.paused:
        console.print(
            f"No rule fires, because {result.paused}. Next: orderhouse messages release", style="yellow", soft_wrap=True
        )
    for name, count in result.fired.items():
        console.print(f"Rule {name}: {counted(count, 'firing')}.")
    for name, count in result.asking.items():
        console.print(
            f"Rule {name} would fire {count:,} times, above its limit, and asks. Next: orderhouse rules allow {name}",
            style="yellow", soft_wrap=True,
        )  # fmt: skip
    for name in result.quiet:
        console.print(f"Rule {name} keeps its quiet hours.")
    if result.waiting:
        console.print(
            f"{counted(result.waiting, 'approval')} asked for. Next: orderhouse rules approvals", style="yellow"
        )


def _cents(firing: Firing) -> str:
    return "–" if firing.value is None else f"{firing.value:,.2f}"


def _chosen(settings: Settings, name: str | None) -> list[Rule]:
    from orderhouse.config_values import nearest_sentence
    from orderhouse.rules.rules_file import load_rules

    found = load_rules(settings)
    if name is None:
        return found
    chosen = [each for each in found if each.name == name]
    if not chosen:
        clause = nearest_sentence("rule", name, [each.name for each in found])
        raise OrderhouseError(clause[0].upper() + clause[1:])
    return chosen


def _day(text: str | None, option: str) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise OrderhouseError(f"{option} needs a day such as 2026-03-31.") from None
