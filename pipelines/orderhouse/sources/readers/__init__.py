"""Readers: bytes into records of a file. The meaning of columns belongs in `formats`."""
