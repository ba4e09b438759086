"""The dashboards' pages over a small published warehouse."""
