"""Tests of builds on Spark whose worker or driver is killed. `make test-spark` runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.transform import ModelEvent

from tests.spark import local_cluster
from tests.spark.comparing import differences
from tests.spark.conftest import built, on_spark, received

# Tables after which the process is killed: some are done, most are not.
TABLES_BEFORE = 60


class Killing:
    """Observer of a build that kills a process of the cluster after some tables."""

    def __init__(self, cluster: local_cluster.Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.ended = 0

    def __call__(self, event: ModelEvent) -> None:
        """Count the tables, and kill."""
        self.ended += event.status == "success"
        if self.ended == TABLES_BEFORE and event.status == "success":
            self.cluster.kill(self.name)


def test_a_killed_worker_changes_nothing_and_a_killed_driver_is_a_sentence(
    tmp_path: Path, cluster: local_cluster.Cluster
) -> None:
    here = received(tmp_path / "duckdb")
    there = on_spark(here, tmp_path / "spark", cluster)
    built(here)
    killing = Killing(cluster, "worker-1")
    built(there, on_event=killing)
    assert killing.ended > TABLES_BEFORE
    assert differences(here, there) == {}

    again = on_spark(here, tmp_path / "again", cluster)
    with pytest.raises(OrderhouseError, match="Spark's driver is gone or cannot be reached") as lost:
        built(again, on_event=Killing(cluster, "connect"))
    assert len(str(lost.value)) < 400
    cluster.stop()
    second = local_cluster.start(cluster.folder)
    try:
        built(on_spark(again, again.home, second))
    finally:
        second.stop()
    assert differences(here, again) == {}
