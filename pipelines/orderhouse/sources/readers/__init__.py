"""Readers: CSV, JSON, Parquet, workbooks and YAML as records of text, each with its place in the file."""
