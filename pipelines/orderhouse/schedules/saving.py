"""Saving of one schedule into `schedules.yaml`: its lines are replaced or added, all other lines stay as they are."""

from __future__ import annotations

from typing import Any

import yaml

from orderhouse.schedules.schedule import Schedule
from orderhouse.schedules.schedules_file import ALL

__all__ = ["as_yaml"]


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
    text = yaml.safe_dump({schedule.name: body}, sort_keys=False, allow_unicode=True, width=120)
    return "".join(f"  {line}\n" for line in text.splitlines())
