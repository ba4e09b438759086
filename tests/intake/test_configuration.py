"""Tests of the messages before the server listens."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.intake import receivers
from orderhouse.sources.config.sources_file import load_sources

from tests.intake.sending import ENVIRONMENT


def found(folder: Path, intake: str, path: str = "landing/*.json", **environment: str) -> Path:
    sources = folder / "sources.yaml"
    sources.write_text(
        f"sources:\n  shop:\n    format: canonical\n    feed: orders\n    path: {path}\n    intake: {intake}\n"
    )
    return receivers(load_sources(sources), environment)["shop"].place.folder


SHOPIFY = "{kind: shopify, secret_env: SHOP_SECRET}"


@pytest.mark.parametrize(
    ("intake", "sentence"),
    [
        ("{kind: shopfy, secret_env: S}", "there is no kind of webhook 'shopfy'; did you mean 'shopify'"),
        ("{kind: shopify}", "needs the key 'secret_env'"),
        ("{kind: shopify, secret_en: S}", "has no key 'secret_en'; did you mean 'secret_env'"),
        ("{kind: shopify, secret_env: shpss_4fe1}", "it must name an environment variable"),
        (SHOPIFY, "the environment variable SHOP_SECRET is empty"),
        ("{kind: generic, secret_env: ODD}", "ODD is not a Standard Webhooks secret"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(tmp_path: Path, intake: str, sentence: str) -> None:
    with pytest.raises(OrderhouseError) as refused:
        found(tmp_path, intake, ODD="%%%")
    assert sentence in refused.value.message
    assert "sources.yaml" in refused.value.message
    assert "shpss_4fe1" not in refused.value.message


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("landing/shop/*.json", "landing/shop"),
        ("landing/shop/**/*.json", "landing/shop"),
        ("landing/shop/**/*", "landing/shop"),
        ("landing/shop", "landing/shop"),
        ("[landing/a/*.csv, landing/b/*.json]", "landing/b"),
        ("['s3://bucket/*.json', 'landing/b/orders_*']", "landing/b"),
    ],
)
def test_bodies_land_where_the_source_looks(tmp_path: Path, path: str, folder: str) -> None:
    assert found(tmp_path, SHOPIFY, path, SHOP_SECRET="s") == tmp_path / folder


@pytest.mark.parametrize("path", ["landing/*.ndjson.gz", "landing/one.json", "landing/*/*.json", "s3://bucket/*.json"])
def test_a_path_that_would_not_find_what_lands_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(OrderhouseError, match="matches landed files such as"):
        found(tmp_path, SHOPIFY, path, SHOP_SECRET="s")


def test_a_file_without_webhooks_says_how_to_ask_for_them(tmp_path: Path) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text("sources:\n  shop:\n    format: canonical\n    path: '*.csv'\n")
    with pytest.raises(OrderhouseError, match="no source takes webhooks"):
        receivers(load_sources(sources), {})


def test_a_receiver_never_shows_its_secret(tmp_path: Path) -> None:
    sources = tmp_path / "sources.yaml"
    found(tmp_path, SHOPIFY, SHOP_SECRET="very-secret")
    assert "very-secret" not in repr(receivers(load_sources(sources), {"SHOP_SECRET": "very-secret"}))


def test_an_address_that_others_can_reach_is_warned_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("orderhouse.intake.serve", lambda *_, ready: ready("http://somewhere:1"))
    command = ["intake", "--sources", str(folder / "sources.yaml"), "--home", str(folder / "home")]
    assert run_command(command) == 0
    said = capsys.readouterr()
    assert "http://somewhere:1/webhooks/shop (shopify) lands in" in said.out
    assert said.err == ""
    assert run_command([*command, "--host", "0.0.0.0"]) == 0  # noqa: S104
    assert "plain HTTP" in capsys.readouterr().err
