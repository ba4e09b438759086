"""Checks of schedules against roles, tables and channels, before one runs and when a person asks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from orderhouse.access.access_file import load_access
from orderhouse.access.roles import Role
from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import Configuration, load_configuration
from orderhouse.schedules.making import query_of
from orderhouse.schedules.schedule import Schedule
from orderhouse.schedules.schedules_file import load_schedules, schedules_path
from orderhouse.serve.destinations import check_destination
from orderhouse.serve.publishing import current_version
from orderhouse.serve.without_people import check_report_query, open_without_people
from orderhouse.settings import Settings

__all__ = ["check_channel", "check_schedules", "role_for"]

WORKLIST_TABLE = "ops.exceptions"


def role_for(settings: Settings, schedule: Schedule) -> Role:
    """Return the role of a schedule as it is now.

    Raises:
        OrderhouseError: The role is gone, or may not see what the schedule tells.
    """
    role = load_access(settings).role_named(schedule.role)
    if schedule.kind != "worklist" and not role.exports:
        raise OrderhouseError(f"The role {role.name} may not export, so it has no reports.")
    if schedule.kind == "worklist" and not role.reads(WORKLIST_TABLE):
        raise OrderhouseError(
            f"The role {role.name} does not see the table {WORKLIST_TABLE}, so it has no worklist. Give it the table "
            "in access.yaml, or name another role."
        )
    return role


def check_channel(configuration: Configuration, schedule: Schedule) -> None:
    """Check that the channel of a schedule takes its messages.

    Raises:
        OrderhouseError: It does not, or it needs recipients that the schedule does not name.
    """
    if schedule.destination is not None and not schedule.recipients:
        return
    route = configuration.routes.get(schedule.channel)
    kind = route.endpoint.channel if route else schedule.channel
    if route is None and schedule.channel != "email":
        known = ["email", *configuration.routes]
        clause = nearest_sentence("channel", schedule.channel, known)
        raise OrderhouseError(f"In messages.yaml {clause}")
    if kind in ("http", "sms"):
        raise OrderhouseError(f"The channel {schedule.channel} is of the type {kind}, and takes no worklists.")
    if schedule.kind != "worklist" and kind != "email":
        raise OrderhouseError(f"The channel {schedule.channel} is of the type {kind}, and takes no files.")
    if kind == "email" and not schedule.recipients:
        more = "" if schedule.kind == "worklist" else ", or `destination:` with a folder or an address"
        raise OrderhouseError(f"It has no recipients. Write `recipients:` with e-mail addresses{more}.")


def check_schedules(settings: Settings) -> list[str]:
    """Return one sentence for each mistake, with file and line. Schedules that are switched off are checked too.

    Raises:
        OrderhouseError: A file cannot be read.
    """
    path, configuration = schedules_path(settings), load_configuration(settings)
    return [
        f"{path}:{schedule.line}: {schedule.name}: {problem}"
        for schedule in load_schedules(settings)
        for problem in _problems(settings, configuration, schedule)
    ]


def _problems(settings: Settings, configuration: Configuration, schedule: Schedule) -> Iterator[str]:
    try:
        role = role_for(settings, schedule)
        check_channel(configuration, schedule)
        if schedule.destination is not None:
            check_destination(settings, schedule.destination)
        version = current_version(settings)
        if schedule.kind != "worklist" and version is not None:
            query = query_of(settings, schedule, role, version)
            with contextlib.closing(open_without_people(settings, role=role, version=version.number)) as reader:
                check_report_query(reader, query)
    except OrderhouseError as error:
        yield error.message
