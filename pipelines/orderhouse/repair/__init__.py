"""Repair: record decisions about quarantined rows and records, and apply them.

A decision is a patch, a discard or a withdrawal. It is recorded in `raw.repairs` and never edits the row (`decisions`,
`records`). `replay` screens patched rows again and inserts them into their feeds; `reread` loads files again whose
records were patched. `state` reads the state of each row, `history` the decisions, `export` makes tables of rows for
the people who correct them. Screening and loading belong to `orderhouse.ingest`.
"""
