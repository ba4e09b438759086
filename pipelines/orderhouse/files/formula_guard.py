"""Guard of text in CSV against spreadsheets, which run text that begins like a formula.

Guarded text has one apostrophe in front. Text that begins with an apostrophe is guarded too, so that the guard can be
told from data: a reader that knows of it removes one apostrophe, and has the text as it was.
"""

from __future__ import annotations

import re

__all__ = ["FORMULA", "GUARD", "guarded"]

GUARD = "'"
# Ways to write the first characters of a formula: plain, full width, small, and the minus sign.
SIGNS = "=+\\-@" + "＝＋－＠" + "﹦﹢﹣﹫" + "\u2212"
# What spreadsheets and importers skip: white space, controls, soft hyphen, zero-width and directional marks.
SKIPPED = "\\x00-\\x20\\x7f\u0085\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
# One pattern for Python, polars and DuckDB. Text that begins with a tab or a line end is guarded in any case (OWASP).
FORMULA = f"^([{SKIPPED}]*[{SIGNS}]|[\\t\\r\\n]|{GUARD})"
_formula = re.compile(FORMULA)


def guarded(text: str) -> str:
    """Return a text with the guard in front if it needs one."""
    return f"{GUARD}{text}" if _formula.match(text) else text
