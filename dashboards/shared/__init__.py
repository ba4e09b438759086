"""Modules that more than one page uses: published data, charts, KPIs, layout, tables, formats and periods."""
