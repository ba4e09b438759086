"""Local cluster, and two homes of the same received rows: one for each engine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from orderhouse.receive import receive
from orderhouse.settings import Engine, Settings, load_settings
from orderhouse.storage.warehouse import run_lock
from orderhouse.transform import BuildResult, ModelEvent, build

from tests.spark import local_cluster

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "sources.yaml"
# One wall clock for both engines, since some tables say how old they are.
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local_cluster.Cluster]:
    """Start a cluster, or skip with the reason why it cannot be started."""
    pytest.importorskip("dbt.adapters.spark", reason="the extra `spark` is not installed; `make spark-up` installs it")
    folder = tmp_path_factory.mktemp("cluster")
    try:
        cluster = local_cluster.start(folder)
    except local_cluster.ClusterProblem as problem:
        pytest.skip(str(problem))
    yield cluster
    cluster.stop()


def received(home: Path, sources: Path = SAMPLE) -> Settings:
    """Return the settings of a home that has received the rows of a sources file."""
    settings = load_settings(home=home, sources=sources)
    with run_lock(settings, "ingest"):
        receive(settings)
    return settings


def on_spark(settings: Settings, home: Path, cluster: local_cluster.Cluster) -> Settings:
    """Return the settings of a copy of a home that builds on the cluster; it has the same raw rows and keys."""
    if not home.exists():
        shutil.copytree(settings.home, home)
        for path in (home / "warehouse" / "warehouse.duckdb", home / "warehouse" / "work.duckdb"):
            path.unlink(missing_ok=True)
    engine = {"kind": "spark", "remote": cluster.remote, "storage": str(home.with_name(f"{home.name}-storage"))}
    return Settings(home=home, sources=settings.sources, engine=Engine(**engine))


def built(settings: Settings, on_event: Callable[[ModelEvent], None] | None = None) -> BuildResult:
    """Build a home by its engine."""
    with run_lock(settings, "build"):
        return build(settings, as_of="data", now=NOW, on_event=on_event)
