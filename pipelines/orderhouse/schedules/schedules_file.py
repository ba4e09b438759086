"""Reading of `schedules.yaml`: schedules in their order, or a sentence with file, line and the nearest valid name.

Roles, tables and channels are compared in `checking`, when a schedule is checked or runs.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from typing import Any

from orderhouse.config_values import as_list, nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.packaged import packaged
from orderhouse.rules.reading import Form, Place, entries_of, flag, text, word
from orderhouse.schedules.due import check_cron
from orderhouse.schedules.figures import FIGURES
from orderhouse.schedules.schedule import KINDS, Kind, Schedule
from orderhouse.serve.reports import PICTURED, ROWS_FORMATS
from orderhouse.settings import Settings

__all__ = ["ALL", "FILE", "load_schedules", "owners_known", "read_schedules", "schedule_named", "schedules_path"]

FILE = "schedules.yaml"
FORM = Form(
    section="schedules",
    noun="schedule",
    example="morning_worklist",
    most=500,
    keys=(
        "title", "enabled", "role", "cron", *KINDS, "where", "format", "recipients", "destination", "channel",
        "language", "if_empty",
    ),
    required=("role", "cron"),
)  # fmt: skip
ALL = "all"
IF_EMPTY = ("skip", "send")
ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\"]+")
LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Z]{2})?")
MOST_RECIPIENTS = 50
LONGEST_QUERY = 20_000
FORMATS: dict[Kind, tuple[str, ...]] = {
    "query": (*ROWS_FORMATS, "pdf"),
    "table": (*ROWS_FORMATS, "pdf"),
    "figure": (*PICTURED, *ROWS_FORMATS),
}


def schedules_path(settings: Settings) -> Path:
    """Return the file of a home's schedules; it may not exist."""
    return settings.home / FILE


def load_schedules(settings: Settings) -> list[Schedule]:
    """Read the schedules of a home, in their order; none without the file.

    Raises:
        OrderhouseError: The file has a mistake.
    """
    path = schedules_path(settings)
    return read_schedules(path) if path.exists() else []


def schedule_named(settings: Settings, name: str) -> Schedule:
    """Return a schedule of the file.

    Raises:
        OrderhouseError: There is none of that name, or the file has a mistake.
    """
    found = {each.name: each for each in load_schedules(settings)}
    if name in found:
        return found[name]
    if not found:
        raise OrderhouseError(f"There are no schedules. Write them into {schedules_path(settings)}.")
    clause = nearest_sentence("schedule", name, found)
    raise OrderhouseError(clause[0].upper() + clause[1:])


def read_schedules(path: Path) -> list[Schedule]:
    """Read a file of schedules, in their order.

    Raises:
        OrderhouseError: The file has a mistake.
    """
    return [_schedule(*entry) for entry in entries_of(path, FORM)]


def _schedule(name: str, body: dict[str, Any], place: Place) -> Schedule:
    kind = _kind(body, place)
    source = _source(kind, body[kind], place / kind)
    default = FIGURES[source].title if kind == "figure" else name.replace("_", " ").capitalize()
    return Schedule(
        name=name,
        title=text(body.get("title", default), place / "title"),
        is_enabled=flag(body.get("enabled", "true"), place / "enabled"),
        role=text(body["role"], place / "role"),
        cron=_cron(body["cron"], place / "cron"),
        kind=kind,
        source=source,
        where=_where(kind, body["where"], place / "where") if "where" in body else None,
        format=_format(kind, body, place),
        owners=_owners(body["worklist"], place / "worklist") if kind == "worklist" else (),
        recipients=_recipients(body.get("recipients", []), place / "recipients"),
        destination=_destination(kind, body["destination"], place / "destination") if "destination" in body else None,
        channel=text(body.get("channel", "email"), place / "channel"),
        language=_language(body["language"], place / "language") if "language" in body else None,
        sends_empty=word(body.get("if_empty", "skip"), "word", IF_EMPTY, place / "if_empty") == "send",
        line=place.line,
    )


def _kind(body: dict[str, Any], place: Place) -> Kind:
    found = [kind for kind in KINDS if kind in body]
    if not found:
        raise place.refusal(f"it has none of {', '.join(f'`{each}`' for each in KINDS)}")
    if len(found) > 1:
        raise place.refusal(f"it has {' and '.join(f'`{each}`' for each in found)}; write one of them")
    return found[0]


def _source(kind: Kind, value: Any, place: Place) -> str:
    """Return the query, the table or the figure; an empty text for a worklist."""
    if kind == "worklist":
        return ""
    if kind == "figure":
        return word(value, "figure", tuple(FIGURES), place)
    if kind == "table":
        return text(value, place).strip()
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_QUERY:
        raise place.refusal(f"it must be one query of 1 to {LONGEST_QUERY:,} characters")
    return value.strip()


def _where(kind: Kind, value: Any, place: Place) -> str:
    if kind != "table":
        raise place.refusal("`where` belongs to a table")
    return text(value, place).strip()


def _format(kind: Kind, body: dict[str, Any], place: Place) -> str | None:
    if kind == "worklist":
        if "format" in body:
            raise (place / "format").refusal("a worklist is a text, and has no `format`")
        return None
    if "format" not in body:
        raise place.refusal("it has no `format`")
    if kind != "figure" and body["format"] == "png":
        raise (place / "format").refusal("a picture is made of a figure; write csv, parquet, xlsx or pdf")
    return word(body["format"], "format", FORMATS[kind], place / "format")


def _destination(kind: Kind, value: Any, place: Place) -> str:
    if kind == "worklist":
        raise place.refusal("a worklist is a text, and has no `destination`")
    return text(value, place).strip()


def _cron(value: Any, place: Place) -> str:
    try:
        return check_cron(text(value, place).strip())
    except OrderhouseError as error:
        raise error if error.message.startswith(str(place.path)) else place.refusal(error.message) from None


def _owners(value: Any, place: Place) -> tuple[str, ...]:
    """Return the teams of a worklist; none for `all`."""
    if value == ALL:
        return ()
    return tuple(word(each, "team", (*owners_known(), ALL), place) for each in _texts(value, place, "fulfilment"))


def _recipients(value: Any, place: Place) -> tuple[str, ...]:
    found = _texts(value, place, "team@example.com") if value != [] else ()
    for each in found:
        if not ADDRESS.fullmatch(each):
            raise place.refusal(f"{each!r} is no e-mail address")
    if len(found) > MOST_RECIPIENTS:
        raise place.refusal(f"there are {len(found)} recipients; {MOST_RECIPIENTS} are possible")
    return tuple({each.lower(): each for each in found}.values())


def _language(value: Any, place: Place) -> str:
    found = text(value, place)
    if not LANGUAGE.fullmatch(found):
        raise place.refusal("write a language, such as de or pt_BR")
    return found


def _texts(value: Any, place: Place, example: str) -> tuple[str, ...]:
    found = as_list(value)
    if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found):
        raise place.refusal(f"write one text or a list of texts, such as [{example}]")
    return tuple(text(each, place).strip() for each in found)


@cache
def owners_known() -> tuple[str, ...]:
    """Return the teams that own exceptions, as the dbt project says."""
    path = packaged("dbt_project") / "seeds" / "exception_codes.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(sorted({row["owner"] for row in csv.DictReader(file)}))
