"""Storage: the DuckDB files of a home, their raw tables and ledgers, the build record and the run lock.

The loading of the raw tables belongs in `orderhouse.ingest`. The models computed from them belong in dbt.
"""
