"""Tests of sources that a person declares from files: proposed, tried and saved, and refused with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from orderhouse.access.roles import BUILT_IN, OWNER
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import entries
from orderhouse.operations.declaring import columns_of, declare_source, propose_sources, require_right, try_source
from orderhouse.receive import receive
from orderhouse.settings import Settings, load_settings
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.storage.warehouse import open_raw

ORDERS = "Order No;Date;Country;Total\nA1;02.03.2026 10:00;Germany;9,50\nA2;03.03.2026 11:30;France;12,00\n"
LINES = "Order No;Line;Article;Qty;Price\nA1;1;TEA;1;9,50\nA2;1;CUP;2;6,00\n"
EXISTING = "# ours\nsources:\n  shop: {format: canonical, path: shop/*}\nmerchant: {reporting_currency: EUR}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two uploaded files."""
    found = tmp_path / "uploaded"
    found.mkdir()
    (found / "orders.csv").write_text(ORDERS)
    (found / "lines.csv").write_text(LINES)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """Return settings of an empty home beside a sources file with one source."""
    (tmp_path / "sources.yaml").write_text(EXISTING)
    return load_settings(home=tmp_path / "home", sources=tmp_path / "sources.yaml")


def declared(proposal: Any, name: str) -> dict[str, Any]:
    """Return a proposed declaration as the page passes it on."""
    return {**proposal.sources[name], "path": "*"}


def only(folder: Path, name: str) -> Path:
    """Leave one file in the folder."""
    for file in folder.iterdir():
        if file.name != name:
            file.unlink()
    return folder


def test_a_source_is_proposed_tried_saved_and_loaded(home: Settings, folder: Path) -> None:
    proposal = propose_sources(home, folder)
    assert {"orders", "lines"} == set(proposal.sources)
    assert "guess:" in proposal.text
    body = declared(proposal, "lines")
    trial = try_source(home, only(folder, "lines.csv"), "lines", body)
    assert (trial.feeds["order_lines"].accepted, trial.notes) == (2, [])

    target = declare_source(home, folder, "till_lines", body, actor="ann", role=OWNER)
    assert target == home.sources_file.parent / "landing" / "till_lines"
    assert (target / "lines.csv").stat().st_mode & 0o777 == 0o600
    text = home.sources_file.read_text()
    assert text.startswith("# ours\nsources:\n  shop: {format: canonical, path: shop/*}\n")
    assert text.endswith("merchant: {reporting_currency: EUR}\n")
    assert list(load_sources(home.sources_file).sources) == ["shop", "till_lines"]
    receive(home)
    with open_raw(home, read_only=True) as raw:
        assert raw.execute("select sum(quantity * unit_price)::varchar from raw.order_lines").fetchall() == [
            ("21.5000",)
        ]
    assert [(each.actor, each.action, each.subject) for each in entries(home)] == [
        ("ann", "declare_source", "source till_lines")
    ]


def test_the_first_source_of_a_home_writes_the_file(tmp_path: Path, folder: Path) -> None:
    settings = load_settings(home=tmp_path / "home", sources=tmp_path / "new" / "sources.yaml")
    settings.sources_file.parent.mkdir()
    assert "orders" not in propose_sources(settings, folder).sources
    body = declared(propose_sources(settings, folder, "EUR"), "orders")
    declare_source(settings, only(folder, "orders.csv"), "orders", body, actor="ann", role=OWNER)
    assert list(load_sources(settings.sources_file).sources) == ["orders"]


def test_columns_are_shown_with_their_first_values(folder: Path) -> None:
    columns = columns_of(folder / "orders.csv", {"columns": {}})
    assert [(each.name, each.values) for each in columns[:2]] == [
        ("Order No", ("A1", "A2")),
        ("Date", ("02.03.2026 10:00", "03.03.2026 11:30")),
    ]
    assert columns_of(folder / "orders.csv", {"columns": ["a"]})[0].name == "column_1"
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    with pytest.raises(OrderhouseError, match=r"picture\.png: "):
        columns_of(folder / "picture.png", {})


def test_mistakes_name_the_declaration_and_save_nothing(home: Settings, folder: Path) -> None:
    body = declared(propose_sources(home, folder), "lines")
    with pytest.raises(
        OrderhouseError, match=r"The declaration:\d+: source lines: .*no column of order_lines 'nonsense'"
    ):
        try_source(home, folder, "lines", {**body, "columns": {"Price": "nonsense"}})
    with pytest.raises(OrderhouseError, match=r"sources\.yaml:\d+: source lines: "):
        declare_source(home, folder, "lines", {**body, "decimal": "x"}, actor="ann", role=OWNER)
    with pytest.raises(OrderhouseError, match="has a source shop already"):
        declare_source(home, folder, "shop", body, actor="ann", role=OWNER)
    assert home.sources_file.read_text() == EXISTING
    assert sorted(path.name for path in home.sources_file.parent.iterdir()) == ["home", "sources.yaml", "uploaded"]


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - {"admin"}))
def test_other_roles_declare_nothing(home: Settings, folder: Path, name: str) -> None:
    with pytest.raises(OrderhouseError, match="may not declare sources"):
        require_right(BUILT_IN[name])
    with pytest.raises(OrderhouseError, match="may not declare sources"):
        declare_source(home, folder, "lines", {"format": "canonical"}, actor="bob", role=BUILT_IN[name])
    assert home.sources_file.read_text() == EXISTING
