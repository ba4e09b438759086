"""Sources: the translation of files as sent into frames in contract columns.

`readers` turn bytes into records, `formats` turn records into rows of feeds, and `config` reads the sources file. Row
rules belong in `orderhouse.contracts`, loading in `orderhouse.ingest`.
"""
