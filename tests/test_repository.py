"""Tests of the repository: everything that its pages name exists, and nothing in it belongs to one machine."""

from __future__ import annotations

import importlib
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from orderhouse.cli.application import app

from tests.conftest import LONGEST

ROOT = Path(__file__).parents[1]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/decisions/README.md",
    "docs/glossary.md",
    "docs/performance.md",
    "docs/user_guide.md",
    "docs/operations_guide.md",
]
LINKING = sorted({*PAGES, *(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))})
TEXT = {".py", ".sql", ".yml", ".yaml", ".toml", ".md", ".lock", ".cfg", ".ini", ".txt", ".sh", ""}


def tracked() -> list[Path]:
    """Return every text file that is, or is about to be, in version control."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    return [path for path in paths if path.suffix in TEXT and path.is_file() and path.name != "LICENSE"]


def lines_matching(pattern: str) -> list[str]:
    found = []
    for path in tracked():
        if path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    return found


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", text, flags=re.MULTILINE))


def commands() -> set[str]:
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    return names | {group.name for group in app.registered_groups if group.name}


def test_no_path_of_one_machine_is_in_a_tracked_file() -> None:
    assert lines_matching(r"(?<![\w.:/])/(home|root|Users|work|opt/(?!homebrew))/\w") == []


def test_no_package_index_is_named_in_a_tracked_file() -> None:
    assert lines_matching(r"(pypi\.org|pythonhosted|--(extra-)?index-url|--find-links|--trusted-host)") == []


def test_the_lock_holds_names_versions_and_hashes_only() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    allowed = re.compile(r"^(#.*|[A-Za-z0-9._-]+(\[[\w,-]+\])?==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?)$")
    assert [line for line in lines if not allowed.match(line)] == []


def test_the_lock_has_every_dependency_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["dev"]
    wanted += project["build-system"]["requires"]
    locked = {
        canonical(name)
        for name in re.findall(
            r"^([\w.-]+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    }
    names = {canonical(re.split(r"[\[<>=!~; ]", requirement)[0]) for requirement in wanted}
    assert names - locked == set()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_on_a_page_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"^make ([a-z-]+)", text, flags=re.MULTILINE)) | set(re.findall(r"`make ([a-z-]+)`", text))
    assert named <= make_targets()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_a_page_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|[`/])orderhouse ([a-z]+)", text, flags=re.MULTILINE))
    assert named <= commands()


@pytest.mark.parametrize("page", LINKING)
def test_every_link_on_a_page_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not link.startswith("http")]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", LINKING)
def test_every_path_and_module_on_a_page_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:assets|dashboards|dbt_project|docs|examples|pipelines|tests)/[\w./-]*)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    modules = set(re.findall(r"`(orderhouse(?:_dagster)?(?:\.\w+)+)`", text)) - {
        "orderhouse.toml",
        "orderhouse.service",
    }
    assert [name for name in sorted(modules) if not resolves(name)] == []


def resolves(name: str) -> bool:
    """Return whether a dotted name is a module or a name of one."""
    module, _, attribute = name.rpartition(".")
    return importlib.util.find_spec(module) is not None and (
        hasattr(importlib.import_module(module), attribute) or importlib.util.find_spec(name) is not None
    )


def headings_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", LINKING)
def test_every_link_to_a_heading_leads_to_one(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]*)#([^)]+)\)", text)
    here = ROOT / page
    assert [
        f"{to}#{anchor}" for to, anchor in links if anchor not in headings_of(here.parent / to if to else here)
    ] == []


def test_ci_does_what_the_readme_tells_a_newcomer() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert [target for target in ("make run", "make test", "make check") if f"\n{target}\n" not in script] == []
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_test_files_that_come_first_exist() -> None:
    assert [name for name in LONGEST if not (ROOT / "tests" / name).exists()] == []


def test_the_license_is_the_one_that_the_project_names() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.lstrip().startswith("Apache License") and "END OF TERMS AND CONDITIONS" in text
