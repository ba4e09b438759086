"""Leave in a lock only the packages that another lock does not have: `only_new_packages.py LOCK OTHER`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

# A package begins at the start of a line; its hashes follow on indented lines.
PACKAGE = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==.*(?:\n[ \t].*)*", re.MULTILINE)


def packages(text: str) -> dict[str, str]:
    """Return the entry of each package of a lock, by its name."""
    return {found[1].lower().replace("_", "-"): found[0] for found in PACKAGE.finditer(text)}


def main(lock: Path, other: Path) -> None:
    """Rewrite the first lock."""
    known = packages(other.read_text(encoding="utf-8"))
    new = {name: entry for name, entry in packages(lock.read_text(encoding="utf-8")).items() if name not in known}
    lock.write_text("\n".join(new.values()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
