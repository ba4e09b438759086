"""One way to published tables: whoever opens them names a role, or is named here."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPENERS = {"open_built", "open_published"}
# Modules that open published tables for no person, or for the person whose role was looked up.
ALLOWED = {
    "access/role_copies.py": "reads columns, to make the copy of a role",
    "serve/reading.py": "opens readers for a role",
    "serve/closing.py": "closes a month, after the role was checked",
    "monitoring/conditions.py": "counts for alerts",
    "monitoring/metrics.py": "counts for metrics",
    "storage/readers.py": "defines them",
}


def _importers(folder: Path) -> set[str]:
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_reader = isinstance(node, ast.ImportFrom) and node.module == "orderhouse.storage.readers"
            if is_reader and OPENERS & {name.name for name in node.names}:
                found.add(path.relative_to(folder).as_posix())
    return found


def test_every_reader_of_published_tables_names_a_role() -> None:
    assert _importers(ROOT / "pipelines" / "orderhouse") - set(ALLOWED) == set()
    assert _importers(ROOT / "assets") == set()
    # The pages open the file that `readable_path` gives for the role.
    assert _importers(ROOT / "dashboards") == {"shared/access.py"}
