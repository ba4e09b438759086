"""Files that ship with the package and are not Python: the dbt project, the dashboards and `workspace.yaml`.

A wheel contains them in the package, under `share/`. A checkout has them at its root.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from orderhouse.errors import OrderhouseError

__all__ = ["packaged"]


def packaged(name: str) -> Path:
    """Return the path of a file or folder that ships with the package.

    Args:
        name: `dbt_project`, `dashboards` or `workspace.yaml`.

    Raises:
        OrderhouseError: The file or folder is not installed.
    """
    package = Path(str(files("orderhouse")))
    for folder in (package / "share", package.parents[1]):
        if (folder / name).exists():
            return folder / name
    raise OrderhouseError(f"{name} is missing from the installation in {package}. Install the package again.")
