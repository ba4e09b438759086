"""Pictures and documents of reports: PNG of a figure, and PDF with the figure and the first rows as a table.

Values go into the document as data, never as its source, so that no text of a feed can change its form.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from orderhouse.charts.colours import LIGHT, drawn_in
from orderhouse.errors import OrderhouseError
from orderhouse.schedules.figures import Figure
from orderhouse.serve.reports import Drawn
from orderhouse.wording import label

__all__ = ["MOST_ROWS", "draw_pdf", "draw_png", "picture_of"]

# Rows of the table in a PDF; the CSV beside it has all.
MOST_ROWS = 500
WIDTH = 720
SCALE = 2.0
DOCUMENT = Path(__file__).with_name("report.typ")
NUMBERS = ("DECIMAL", "DOUBLE", "FLOAT", "BIGINT", "INTEGER", "HUGEINT", "SMALLINT", "TINYINT", "UBIGINT")


def picture_of(figure: Figure, drawn: Drawn) -> bytes:
    """Return a figure as PNG, in the colours of light paper.

    Raises:
        OrderhouseError: It cannot be drawn.
    """
    import vl_convert

    names = [name for name, _ in drawn.columns]
    frame = pl.DataFrame(drawn.rows, schema=names, orient="row", infer_schema_length=None)
    with drawn_in(LIGHT):
        chart = figure.draw(frame, drawn.version.reporting_currency)
        specification = chart.properties(width=WIDTH, title=figure.title, background=LIGHT.paper).to_dict()
    try:
        return bytes(vl_convert.vegalite_to_png(specification, scale=SCALE))
    except ValueError as error:
        raise OrderhouseError(f"The figure cannot be drawn: {str(error).splitlines()[0]}") from None


def draw_png(figure: Figure, drawn: Drawn, path: Path) -> None:
    """Write a figure as PNG.

    Raises:
        OrderhouseError: It cannot be drawn.
    """
    path.write_bytes(picture_of(figure, drawn))


def draw_pdf(title: str, about: str, role: str, drawn: Drawn, path: Path, *, figure: Figure | None) -> None:
    """Write a document: title, clock and version, the figure if there is one, and the first rows.

    Args:
        title: Title of the report.
        about: Sentence below it; may be empty.
        role: Role whose rows these are.
        drawn: The answer.
        path: The file.
        figure: A figure of the answer, or None.

    Raises:
        OrderhouseError: It cannot be made.
    """
    import typst

    at = datetime.fromisoformat(drawn.version.as_of).replace(tzinfo=UTC)
    zone = drawn.version.business_time_zone
    data: Mapping[str, Any] = {
        "title": title,
        "about": about,
        "clock": f"As of {at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})",
        "origin": f"Orderhouse, version {drawn.version.number}, role {role}",
        "has_picture": figure is not None,
        "columns": [
            f"{label(name)} (UTC)" if kind.startswith("TIMESTAMP") else label(name) for name, kind in drawn.columns
        ],
        "is_number": [kind.startswith(NUMBERS) for _, kind in drawn.columns],
        "rows": [[_written(value) for value in row] for row in drawn.rows[:MOST_ROWS]],
        "count": drawn.count,
    }
    with tempfile.TemporaryDirectory(prefix="orderhouse-report-") as folder:
        root = Path(folder)
        (root / "report.typ").write_text(_document(), encoding="utf-8")
        (root / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        if figure is not None:
            (root / "picture.png").write_bytes(picture_of(figure, drawn))
        try:
            typst.compile(str(root / "report.typ"), output=str(path), root=str(root), timestamp=int(at.timestamp()))
        except typst.TypstError as error:
            raise OrderhouseError(f"The document cannot be made: {error.message}") from None


@cache
def _document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def _written(value: object) -> str:
    """Return a value as text: decimals with at least two digits behind the point, instants without seconds' parts."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            whole, _, digits = f"{value:,f}".partition(".")
            return f"{whole}.{digits.rstrip('0').ljust(2, '0')}" if digits else whole
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.4g}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case _:
            return str(value)
