"""Saving of one schedule into `schedules.yaml`: its lines are replaced or added, all other lines stay as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import record
from orderhouse.schedules.schedule import Schedule
from orderhouse.schedules.schedules_file import ALL, FILE, load_schedules, read_schedules, schedules_path
from orderhouse.settings import Settings
from orderhouse.storage.people_files import drafted, only_writer, save_text, text_or
from orderhouse.yaml_blocks import entry_lines, with_block

__all__ = ["RIGHT", "as_yaml", "delete_schedule", "may_change", "save_schedule", "schedule_of"]

# Action of access.yaml that changes schedules, as it changes rules.
RIGHT = "automate"
SECTION = "schedules"
EMPTY = "schedules:\n"


def may_change(role: Role, schedule_role: str) -> bool:
    """Tell if a role may change schedules that run under a role: its own, or any if it may do and see everything.

    Otherwise a schedule would send its writer what the writer may not see.
    """
    sees_all = role.sees_everything and role.may(ALL) and role.exports
    return role.may(RIGHT) and (sees_all or role.name == schedule_role)


def schedule_of(settings: Settings, name: str, body: dict[str, Any]) -> Schedule:
    """Return a schedule as it would be read if it stood in the file.

    Raises:
        OrderhouseError: It has a mistake.
    """
    draft = settings.operations / "schedules_draft.yaml"
    with only_writer(settings, SECTION), drafted(draft, EMPTY + entry_lines(name, body), FILE):
        (found,) = read_schedules(draft)
    return found


def save_schedule(settings: Settings, schedule: Schedule, *, seen: Schedule | None, actor: str, role: Role) -> None:
    """Write a schedule into the file of the home.

    Args:
        settings: Settings of the home.
        schedule: The schedule.
        seen: The schedule that the person edited; None for a new one.
        actor: Person who saves it.
        role: Role of the person.

    Raises:
        OrderhouseError: The role may not, the schedule was changed since it was seen, or the file has a mistake.
            Nothing is saved.
    """
    with only_writer(settings, SECTION):
        _require(settings, schedule, seen, role)
        path = schedules_path(settings)
        text = text_or(path, EMPTY)
        if text.strip() == EMPTY.strip():
            save_text(path, EMPTY + as_yaml(schedule))
        else:
            save_text(path, with_block(text, SECTION, schedule.name, as_yaml(schedule)))
    _record(settings, "save_schedule", schedule, actor, role)


def delete_schedule(settings: Settings, schedule: Schedule, *, actor: str, role: Role) -> None:
    """Remove a schedule from the file of the home. The record of its runs stays.

    Raises:
        OrderhouseError: The role may not, or the schedule was changed since it was seen. Nothing is removed.
    """
    with only_writer(settings, SECTION):
        _require(settings, schedule, schedule, role)
        path = schedules_path(settings)
        text = with_block(text_or(path, EMPTY), SECTION, schedule.name, "")
        if len(load_schedules(settings)) > 1:
            save_text(path, text)
        else:
            path.unlink()
    _record(settings, "delete_schedule", schedule, actor, role)


def as_yaml(schedule: Schedule) -> str:
    """Return a schedule as the lines of `schedules.yaml`, with two spaces before each."""
    body: dict[str, Any] = {"title": schedule.title}
    if not schedule.is_enabled:
        body["enabled"] = False
    source: Any = (list(schedule.owners) or ALL) if schedule.kind == "worklist" else schedule.source
    body |= {"role": schedule.role, "cron": schedule.cron, schedule.kind: source}
    for name, value in (("where", schedule.where), ("format", schedule.format), ("destination", schedule.destination)):
        if value is not None:
            body[name] = value
    if schedule.recipients:
        body["recipients"] = list(schedule.recipients)
    if schedule.channel != "email":
        body["channel"] = schedule.channel
    if schedule.language is not None:
        body["language"] = schedule.language
    if schedule.sends_empty:
        body["if_empty"] = "send"
    return entry_lines(schedule.name, body)


def _require(settings: Settings, schedule: Schedule, seen: Schedule | None, role: Role) -> None:
    """Refuse a change that the role may not make, or that would undo one that the person has not seen."""
    for each in {schedule.role, *([seen.role] if seen else [])}:
        if not may_change(role, each):
            raise OrderhouseError(f"The role {role.name} may not change schedules of the role {each}.")
    found = next((each for each in load_schedules(settings) if each.name == schedule.name), None)
    if (replace(found, line=0) if found else None) != (replace(seen, line=0) if seen else None):
        what = "there is a schedule of that name already" if seen is None else "it was changed since you opened it"
        raise OrderhouseError(f"The schedule {schedule.name} is not saved: {what}. Open it again.")


def _record(settings: Settings, action: str, schedule: Schedule, actor: str, role: Role) -> None:
    record(
        settings, actor=actor, role=role.name, action=action, subject=f"schedule {schedule.name}",
        detail={"role": schedule.role, "what": schedule.what, "recipients": len(schedule.recipients)},
    )  # fmt: skip
