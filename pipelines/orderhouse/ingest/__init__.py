"""Ingest: load the rows of files into the raw tables, exactly once.

The steps are discovery, reading by the source's format, screening by the feed's contract, and loading. One transaction
holds one file, one bundle or a group of small files. A row that breaks a rule goes to quarantine, from which
`orderhouse.repair` takes it. The meaning of rows belongs to the dbt models.
"""
