"""Making of reports: files and a manifest in the home, before anything is handed over.

They stay in `<home>/reports/<schedule>/<due time>` for mails that wait, and for whoever asks later.
"""

from __future__ import annotations

import contextlib
import shutil
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.messages.outbox import message_of
from orderhouse.operations.store import Store
from orderhouse.operations.tables import MESSAGES
from orderhouse.schedules.figures import FIGURES
from orderhouse.schedules.schedule import Schedule
from orderhouse.serve.exports import MANIFEST_NAME
from orderhouse.serve.places import is_remote, scratch_folder, send
from orderhouse.serve.publishing import PublishedVersion
from orderhouse.serve.relations import find_table, quoted
from orderhouse.serve.reports import PICTURED, Draw, write_report
from orderhouse.serve.without_people import open_without_people
from orderhouse.settings import Settings

__all__ = ["REPORT", "files_of", "folder_of", "make_report", "place_report", "prune_reports", "query_of"]

REPORT = "report"
# Mail servers refuse mails of 20 to 25 MB, and a mail is a third larger than its files.
MOST_MAILED = 15_000_000
# A figure is drawn of all its rows, which are few; a document has fewer in its table.
MOST_DRAWN = 5_000


def query_of(settings: Settings, schedule: Schedule, role: Role, version: PublishedVersion) -> str:
    """Return the query of a report.

    Raises:
        OrderhouseError: There is no such table for the role.
    """
    if schedule.kind == "figure":
        return FIGURES[schedule.source].query
    if schedule.kind == "query":
        return schedule.source
    with contextlib.closing(open_without_people(settings, role=role, version=version.number)) as reader:
        table = find_table(reader, schedule.source)
    condition = f" where ({schedule.where}\n)" if schedule.where else ""
    return f"select * from {quoted(table)}{condition}"  # noqa: S608 - the name is quoted, the condition is checked


def make_report(
    settings: Settings, schedule: Schedule, role: Role, version: PublishedVersion, due_at: datetime
) -> dict[str, Any]:
    """Write the files of a report, and return what is handed over.

    Raises:
        OrderhouseError: The role may not export, the query fails, or the files are too large for a mail.
        OSError: A file cannot be written.
    """
    query = query_of(settings, schedule, role, version)
    name, format = schedule.name, schedule.format or "csv"
    folder = folder_of(settings, name, due_at)
    with scratch_folder(folder.parent) as scratch:
        manifest = write_report(
            settings, name, query, format, scratch, role=role, version=version,
            draw=_draw(schedule, role), drawn_rows=MOST_DRAWN,
        )  # fmt: skip
        names = [*(file.path for file in manifest.tables[0].files), MANIFEST_NAME]
        size = sum((scratch / each).stat().st_size for each in names)
        if schedule.recipients and size > MOST_MAILED and _is_told(schedule, manifest.rows):
            raise OrderhouseError(
                f"The files have {size / 1e6:,.1f} MB, and a mail takes {MOST_MAILED / 1e6:,.0f} MB. Name a "
                "`destination` in place of recipients, or select fewer rows."
            )
        shutil.rmtree(folder, ignore_errors=True)
        if _is_told(schedule, manifest.rows):
            scratch.replace(folder)
    payload = {
        "schedule": name,
        "title": schedule.title,
        "role": role.name,
        "due_at": due_at.isoformat(),
        "as_of": datetime.fromisoformat(version.as_of).replace(tzinfo=UTC).isoformat(),
        "version": version.number,
        "count": manifest.rows,
        "files": names,
        "folder": folder.name,
    }
    return {"payload": payload, "rows": manifest.rows}


def _is_told(schedule: Schedule, rows: int) -> bool:
    return rows > 0 or schedule.sends_empty


def _draw(schedule: Schedule, role: Role) -> Draw | None:
    if schedule.format not in PICTURED:
        return None
    from orderhouse.schedules.drawing import draw_pdf, draw_png  # imports Altair, which takes half a second

    figure = FIGURES[schedule.source] if schedule.kind == "figure" else None
    if schedule.format == "png" and figure is not None:
        return partial(draw_png, figure)
    about = figure.about if figure else ""
    return partial(draw_pdf, schedule.title, about, role.name, figure=figure)


def folder_of(settings: Settings, name: str, due_at: datetime) -> Path:
    """Return the folder of the files of one run."""
    return settings.reports / name / f"{due_at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"


def files_of(settings: Settings, payload: dict[str, Any]) -> list[Path]:
    """Return the files of a report that a message names.

    Raises:
        OrderhouseError: They are gone.
    """
    folder = settings.reports / str(payload["schedule"]) / str(payload["folder"])
    found = [folder / str(name) for name in payload["files"]]
    if not all(path.is_file() for path in found):
        raise OrderhouseError(f"The files of the report are gone from {folder}. Run the schedule again.")
    return found


def place_report(settings: Settings, place: str, payload: dict[str, Any]) -> str:
    """Copy the files of a report to a destination, into a folder of their own, and return it.

    A repetition writes the same files once more; the manifest comes last.

    Raises:
        OrderhouseError: The files are gone, or the object store refuses to answer.
    """
    files = files_of(settings, payload)
    address, mark, options = place.partition("?")
    target = f"{address.rstrip('/')}/{payload['schedule']}/{payload['folder']}{mark}{options}"
    with scratch_folder(settings.exports if is_remote(place) else Path(place)) as scratch:
        for path in files:
            shutil.copyfile(path, scratch / path.name)
        send(scratch, target, [path.name for path in files])
    return target


def prune_reports(settings: Settings, store: Store, name: str) -> None:
    """Remove the files of runs before the last `keep_reports` of a schedule, unless a mail with them still waits."""
    folder = settings.reports / name
    if not folder.is_dir():
        return
    older = sorted(path for path in folder.iterdir() if not path.name.startswith("."))[: -settings.keep_reports]
    if not older:
        return
    columns = MESSAGES.c
    waiting = (columns.kind == REPORT, columns.subject_id == name, columns.state.in_(("pending", "sending")))
    with store.reading() as connection:
        kept = {message_of(row).payload["folder"] for row in connection.execute(sa.select(MESSAGES).where(*waiting))}
    for path in older:
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
