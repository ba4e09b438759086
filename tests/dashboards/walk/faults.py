"""Faults on a page as its reader sees it: texts, cells, trends and the data of charts.

`headlines` compares the figures with queries of its own, and `equations` adds up what the page says adds up.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import tables_of
from tests.dashboards.walk.equations import unequal
from tests.dashboards.walk.headlines import Ask, disagreeing

__all__ = ["faults_of"]

BROKEN = ("could not be shown", "was built by another release", "needs a newer version", "cannot be read", "is unknown")
# Values that no reader may see. `None` may begin a sentence.
UNSEEN = re.compile(r"(?<![\w.])(nan|NaN|NAN|NaT|[-+]?inf|Infinity|undefined|null)(?!\w)|(?<![\w.])None(?! [a-z])")
# Fields of elements that no reader reads: ids, addresses, code of the app and descriptions of charts.
HIDDEN = {"id", "spec", "json", "mixed_json", "url", "icon", "format", "css_content", "js_content", "html_content"}


def faults_of(app: AppTest, page: str, query: Mapping[str, str], ask: Ask) -> list[str]:
    """List what is wrong on a page."""
    if app.exception:
        return [f"exception {each.value}" for each in app.exception]
    texts = list(texts_of(app))
    found = [f"says {text!r}" for text in texts if any(words in text for words in BROKEN)]
    found += [f"shows {text!r}" for text in texts if UNSEEN.search(text)]
    found += [fault for metric in app.metric for fault in _faults_of_trend(metric)]
    found += [fault for chart in app.get("vega_lite_chart") for fault in _faults_of_chart(chart.proto)]
    found += [fault for frame in app.dataframe for fault in _faults_of_frame(frame.value)]
    return found + unequal(tables_of(app), texts) + disagreeing(app, page, query, ask)


def texts_of(app: AppTest) -> Iterator[str]:
    """Yield every text of a page: sentences, labels, tips, options and cells."""
    for node in app._tree:  # noqa: SLF001 - the elements of any type
        proto = getattr(node, "proto", None)
        if proto is not None:
            yield from _texts_of_proto(proto)
    for table in tables_of(app):
        yield from (heading for heading in table.headings.values())
        yield from (cell for row in table.rows for cell in row.values() if cell is not None)


def _texts_of_proto(proto: Any) -> Iterator[str]:
    for field, value in proto.ListFields():
        if field.name in HIDDEN:
            continue
        for each in value if field.is_repeated else [value]:
            if field.type == field.TYPE_STRING:
                yield each
            elif field.type == field.TYPE_MESSAGE and hasattr(each, "ListFields"):
                yield from _texts_of_proto(each)


def _faults_of_trend(metric: Any) -> Iterator[str]:
    if any(not math.isfinite(each) for each in metric.proto.chart_data):
        yield f"the trend of {metric.label} has no number at some points"


def _faults_of_chart(proto: Any) -> Iterator[str]:
    """Yield the fields that a chart encodes and that have no value, in any of its layers and parts."""
    spec = json.loads(proto.spec)
    frames = {each.name: pl.read_ipc_stream(each.data.data) for each in proto.datasets}
    frames |= {name: pl.DataFrame(rows) for name, rows in spec.get("datasets", {}).items()}
    for part, name in _parts_of(spec, None):
        frame = frames.get(name or "")
        if frame is None:
            continue
        for field in _fields_of(part):
            bad = frame[field].is_null().sum() if field in frame.columns else None
            if field in frame.columns and frame.schema[field].is_float():
                bad += (~frame[field].is_finite()).sum()
            if field in frame.columns and frame.schema[field] == pl.String:
                bad += frame[field].str.contains(r"^(nan|NaN|None|NaT|null|inf|)$").sum()
            if bad:
                yield f"a chart has {bad} points without a value of {field}"
            if bad is None:
                yield f"a chart has no field {field}"
        if frame.is_empty():
            yield "a chart has no point"


def _parts_of(spec: Mapping[str, Any], above: str | None) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    name = (spec.get("data") or {}).get("name", above)
    if "encoding" in spec:
        yield spec, name
    for key in ("layer", "vconcat", "hconcat", "concat"):
        for part in spec.get(key, []):
            yield from _parts_of(part, name)


def _fields_of(part: Mapping[str, Any]) -> set[str]:
    """Return the fields that are drawn or shown in a tooltip."""
    channels = [
        each for channel in part["encoding"].values() for each in (channel if isinstance(channel, list) else [channel])
    ]
    return {each["field"] for each in channels if isinstance(each, dict) and "field" in each}


def _faults_of_frame(frame: Any) -> Iterator[str]:
    """Yield the columns of a plain table that show what is no value. Empty cells show a dash."""
    for name in frame.columns:
        for value in frame[name]:
            is_text = isinstance(value, str) and value in ("nan", "NaN", "None", "NaT", "inf", "<NA>")
            if is_text or (isinstance(value, float) and math.isinf(value)):
                yield f"column {name} shows {value!r}"
                break
