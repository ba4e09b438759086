"""Ingest: files become rows of the raw tables, exactly once.

Discovery, reading by the source's format, screening by the feed's contract, loading in one transaction per file,
bundle or group of small files. A row that breaks a rule waits in quarantine; `orderhouse.repair` puts it right. dbt
decides what rows mean.
"""
