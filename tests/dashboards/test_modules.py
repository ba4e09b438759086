"""Layout of the dashboards: pages and their parts in `app_pages/`, modules of several pages in `shared/`."""

from __future__ import annotations

import ast
from pathlib import Path

from orderhouse.access.roles import PAGES as KNOWN

from tests.dashboards.conftest import DASHBOARDS

MODULES = sorted(path.stem for path in (DASHBOARDS / "app_pages").glob("[a-z]*.py"))
PAGES = [name for name in MODULES if f'"app_pages/{name}.py"' in (DASHBOARDS / "app.py").read_text(encoding="utf-8")]


def imported(path: Path) -> set[str]:
    """Return the full names that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def page_of(module: str) -> str | None:
    """Return the page that a module of `app_pages` is, or is a part of."""
    return next((page for page in PAGES if module == page or module.startswith(f"{page}_")), None)


def test_every_module_of_app_pages_is_a_page_or_a_part_of_one() -> None:
    assert set(PAGES) == set(KNOWN)
    assert [module for module in MODULES if page_of(module) is None] == []


def test_pages_import_parts_of_their_own_only() -> None:
    for module in MODULES:
        names = {
            name.split(".")[1] for name in imported(DASHBOARDS / "app_pages" / f"{module}.py") if "app_pages." in name
        }
        assert {page_of(name) for name in names} <= {page_of(module)}, module
        assert not names & set(PAGES), f"{module} imports a page"


def test_shared_modules_import_no_page() -> None:
    for path in (DASHBOARDS / "shared").rglob("*.py"):
        assert not {name for name in imported(path) if name.startswith("app_pages")}, path.name


def test_shared_modules_serve_several_modules() -> None:
    users: dict[str, set[str]] = {path.stem: set() for path in (DASHBOARDS / "shared").glob("[a-z]*.py")}
    for path in DASHBOARDS.rglob("*.py"):
        for name in imported(path):
            parts = name.split(".")
            if parts[0] == "shared" and len(parts) > 1 and parts[1] in users:
                users[parts[1]].add(page_of(path.stem) or path.stem)
    assert {name for name, found in users.items() if len(found) < 2} == set()
