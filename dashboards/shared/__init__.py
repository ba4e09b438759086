"""Modules that several pages use: published data, KPIs, charts, layout, tables, formats and periods.

A module that serves one page only is in `app_pages/`, under that page's name.
"""
