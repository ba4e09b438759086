"""Tests of the setting that chooses the engine, and of the sentences when it cannot be used."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Engine, load_settings
from orderhouse.spark.cluster import cluster_session, in_plain_words
from pydantic import SecretStr


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str) -> None:
    """Write the settings file."""
    (folder / "orderhouse.toml").write_text(text, encoding="utf-8")


def test_duckdb_is_the_engine_by_default() -> None:
    assert load_settings().engine.kind == "duckdb"


def test_the_command_chooses_the_kind_and_keeps_the_rest(folder: Path) -> None:
    write(folder, '[engine]\nkind = "spark"\nstorage = "/lake"\n')
    engine = load_settings(engine="duckdb").engine
    assert (engine.kind, engine.storage) == ("duckdb", "/lake")
    assert load_settings().engine.kind == "spark"


def test_the_environment_overrides_one_setting_of_the_engine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, '[engine]\nremote = "sc://a:1"\nstorage = "/lake"\n')
    monkeypatch.setenv("ORDERHOUSE_ENGINE__REMOTE", "sc://b:2/;token=x")
    engine = load_settings().engine
    assert (engine.remote.get_secret_value(), engine.storage) == ("sc://b:2/;token=x", "/lake")
    assert "token" not in repr(engine)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[engine]\nkind = "sprk"\n', "orderhouse.toml:2: kind"),
        ('[engine]\nremote = "spark://host:7077"\n', "orderhouse.toml:2: remote: this is no address of Spark Connect"),
        ('[engine]\nstorage = "lake"\n', "orderhouse.toml:2: storage: write a folder that starts with /"),
        ('[engine]\nremot = "sc://host"\n', "there is no setting 'remot'; did you mean 'remote'"),
        ('engine = "spark"\n', "orderhouse.toml:1: engine"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line(folder: Path, text: str, sentence: str) -> None:
    write(folder, text)
    with pytest.raises(OrderhouseError) as problem:
        load_settings()
    assert sentence in str(problem.value)


def test_an_unknown_engine_of_the_command_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["build", "--engine", "hadoop"]) == 2
    assert "duckdb" in capfd.readouterr().err


def test_a_missing_extra_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dbt.adapters.spark", None)
    with (
        pytest.raises(OrderhouseError, match="Spark's packages are not installed here. Install them"),
        cluster_session(Engine()),
    ):
        pass


def test_a_missing_cluster_is_a_sentence_without_the_token() -> None:
    pytest.importorskip("dbt.adapters.spark", reason="the extra `spark` is not installed")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"sc://127.0.0.1:{taken.getsockname()[1]}/;token=secret"
    with (
        pytest.raises(OrderhouseError, match="No Spark answers at sc://127.0.0.1") as problem,
        cluster_session(Engine(remote=SecretStr(address))),
    ):
        pass
    assert "secret" not in str(problem.value)


def test_an_error_of_the_cluster_is_one_line() -> None:
    text = "[TABLE_NOT_FOUND] x is missing.\n\nJVM stacktrace:\norg.apache.spark\n\tat a.b.c"
    assert in_plain_words(text) == "[TABLE_NOT_FOUND] x is missing."
    assert "driver is gone" in in_plain_words("StatusCode.UNAVAILABLE details = failed to connect to all addresses")


def test_the_local_cluster_says_when_java_is_missing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    from tests.spark import local_cluster

    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(local_cluster, "JAVA_HOMES", ())
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(local_cluster.ClusterProblem, match="apt-get install openjdk-17-jre-headless"):
        local_cluster.start(folder)
