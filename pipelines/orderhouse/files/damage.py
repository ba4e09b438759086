"""Descriptions of damaged content, in words for the sender of a file.

The detection of damage belongs in the modules that read each kind of file.
"""

from __future__ import annotations

import json

__all__ = ["damage"]

DESCRIPTIONS = {
    "new-line character seen in unquoted field": "it has a line end of another kind in it",
    "field larger than field limit": "a field of it is too long",
    "expected after '\"'": "something follows a closing quote before the next delimiter",
    "Not a gzipped file": "what follows its first part is something else",
    "CRC check failed": "its content does not fit its checksum",
    "Incorrect length of data": "its content does not fit its length",
    "while decompressing data": "its content cannot be unpacked",
    "magic bytes not found": "its end is missing, or it is something else",
    "Couldn't deserialize thrift": "its directory cannot be read",
}


def damage(error: Exception) -> str:
    """Return a library's error about content as the end of a sentence, without its full stop."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"
    text = str(error).partition("\n")[0]
    return next((words for part, words in DESCRIPTIONS.items() if part in text), text.rstrip(". "))
