"""Storage: the DuckDB files of a home, their raw tables and ledgers, the build record and the run lock.

What goes into the raw tables belongs in `orderhouse.ingest`; what is computed from them belongs in dbt.
"""
