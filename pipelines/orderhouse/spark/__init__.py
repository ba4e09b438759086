"""A Spark cluster beside the DuckDB files: the connection, the storage that both reach, and the way out and back.

Raw rows go out as Parquet (`raw_export`), dbt computes the models there (`orderhouse.transform.on_spark`), and the
tables come back into the DuckDB files (`tables_back`). What a table means belongs to `dbt_project/`.
"""
