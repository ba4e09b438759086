"""Rows of a table that another program fills: files of one feed that `ingest.table_batches` copies."""

from __future__ import annotations

from orderhouse.sources.formats.canonical import Canonical

__all__ = ["TableRows"]


class TableRows(Canonical):
    """The columns of the table, after the source's own renaming."""

    name = "table"
    version = "1"
