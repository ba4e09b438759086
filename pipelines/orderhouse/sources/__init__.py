"""Sources: from a file as sent to frames in contract columns.

`readers` turn bytes into records, `formats` turn records into rows of feeds, `config` reads the sources file that names
them. Row rules belong in `orderhouse.contracts`, loading in `orderhouse.ingest`.
"""
