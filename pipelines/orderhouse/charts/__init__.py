"""Charts from frames: one function per shape, axes titled, marks with tooltips. No number is computed here.

Pages draw them in the browser, and schedules as pictures; both have the same specification.
"""

from __future__ import annotations

from orderhouse.charts.bands import curve, forecast_band
from orderhouse.charts.calibration import calibration
from orderhouse.charts.comparisons import bridge, counted, frame_of, grid, intervals, ranked, shares
from orderhouse.charts.drawing import Drawing, has_value
from orderhouse.charts.over_time import columns_over_time, levels, lines_over_time, timeline

__all__ = [
    "Drawing",
    "bridge",
    "calibration",
    "columns_over_time",
    "counted",
    "curve",
    "forecast_band",
    "frame_of",
    "grid",
    "has_value",
    "intervals",
    "levels",
    "lines_over_time",
    "ranked",
    "shares",
    "timeline",
]
