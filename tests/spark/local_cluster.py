"""Local Spark cluster for tests and for trying: a master, two workers and Spark Connect on the loopback interface.

`python local_cluster.py up|down FOLDER` from the environment that has the extra `spark`. The folder gets logs, the
workers' files and the ids of the processes. Every worker has one core; nothing listens on another interface.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
WORKERS = 2
# A worker's memory, and that of the executor in it. The driver plans four tables at a time: 1 GB was not enough.
WORKER_MEMORY, EXECUTOR_MEMORY, DRIVER_MEMORY = "1g", "768m", "2g"
# Compiled code pays only in longer runs, and one collector's thread is enough for one core.
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
CONNECT_PORT = 15002
START_SECONDS = 120.0
STOP_SECONDS = 20.0
JAVA_HOMES = ("/usr/lib/jvm/java-17-openjdk-amd64", "/usr/lib/jvm/java-17-openjdk-arm64", "/usr/lib/jvm/openjdk-17")


class ClusterProblem(Exception):
    """The cluster cannot be started; the message says why."""


@dataclass
class Cluster:
    """Processes of a running cluster.

    Attributes:
        remote: Address of Spark Connect.
        folder: Folder of logs and of the workers' files.
        processes: Id of each process by its name: `master`, `worker-1`, `worker-2`, `connect`.
    """

    remote: str
    folder: Path
    processes: dict[str, int] = field(default_factory=dict)

    def kill(self, name: str) -> None:
        """Kill a process of the cluster, and its executors, without warning."""
        _signal(self.processes[name], signal.SIGKILL)

    def stop(self) -> None:
        """End every process of the cluster."""
        for process in reversed(self.processes.values()):
            _signal(process, signal.SIGTERM)
        self._wait_for_end()
        for process in self.processes.values():
            _signal(process, signal.SIGKILL)
        self._wait_for_end()
        (self.folder / "cluster.json").unlink(missing_ok=True)

    def _wait_for_end(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while any(_is_alive(process) for process in self.processes.values()) and time.monotonic() < deadline:
            time.sleep(0.2)


def java_home() -> Path | None:
    """Return the home of Java 17 or newer, or None."""
    named = [os.environ["JAVA_HOME"]] if os.environ.get("JAVA_HOME") else []
    for folder in (*named, *JAVA_HOMES):
        if (Path(folder) / "bin" / "java").exists():
            return Path(folder)
    found = shutil.which("java")
    return Path(found).resolve().parent.parent if found else None


def spark_home() -> Path | None:
    """Return the folder of the Spark that the package pyspark brings, or None."""
    from importlib.util import find_spec

    found = find_spec("pyspark")
    home = Path(found.origin).parent if found and found.origin else None
    return home if home and (home / "jars").is_dir() else None


def start(folder: Path) -> Cluster:
    """Start the cluster, and wait until Spark Connect answers.

    Raises:
        ClusterProblem: Java or Spark is missing, a port is taken, or a process ended.
    """
    if java_home() is None:
        raise ClusterProblem("Spark needs Java 17; on Debian and Ubuntu: apt-get install openjdk-17-jre-headless")
    if spark_home() is None:
        raise ClusterProblem("Spark is not installed. Install it: python -m pip install 'orderhouse[spark]'")
    folder.mkdir(parents=True, exist_ok=True)
    port, connect_port = _free_port(), CONNECT_PORT if _is_free(CONNECT_PORT) else _free_port()
    cluster = Cluster(f"sc://{HOST}:{connect_port}", folder.resolve())
    master = f"spark://{HOST}:{port}"
    try:
        _launch(cluster, "master", ["spark-class", "org.apache.spark.deploy.master.Master"], "--port", str(port))
        _wait_for(cluster, "master", port)
        for number in range(1, WORKERS + 1):
            work = cluster.folder / f"worker-{number}"
            options = ["--cores", "1", "--memory", WORKER_MEMORY, "--work-dir", str(work), master]
            _launch(cluster, f"worker-{number}", ["spark-class", "org.apache.spark.deploy.worker.Worker"], *options)
        _launch(cluster, "connect", ["spark-submit"], *_connect_options(cluster.folder, master, connect_port))
        _wait_for(cluster, "connect", connect_port)
    except ClusterProblem:
        cluster.stop()
        raise
    (cluster.folder / "cluster.json").write_text(
        json.dumps({"remote": cluster.remote, "processes": cluster.processes}), encoding="utf-8"
    )
    return cluster


def running(folder: Path) -> Cluster | None:
    """Return the cluster that was started in a folder and still runs, or None."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        known = json.loads((folder / "cluster.json").read_text(encoding="utf-8"))
        if all(_is_alive(process) for process in known["processes"].values()):
            return Cluster(known["remote"], folder.resolve(), known["processes"])
    return None


def _connect_options(folder: Path, master: str, port: int) -> list[str]:
    values = {
        "spark.connect.grpc.binding.address": HOST,
        "spark.connect.grpc.binding.port": str(port),
        "spark.cores.max": str(WORKERS),
        "spark.driver.extraJavaOptions": QUICK_START,
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.executor.cores": "1",
        "spark.executor.extraJavaOptions": QUICK_START,
        "spark.executor.memory": EXECUTOR_MEMORY,
        "spark.local.dir": str(folder / "local"),
        # The history of plans that a page would show takes a third of the driver's heap.
        "spark.sql.ui.retainedExecutions": "5",
        "spark.ui.retainedJobs": "50",
        "spark.ui.retainedStages": "50",
        "spark.connect.ui.retainedStatements": "20",
        "spark.sql.shuffle.partitions": str(2 * WORKERS),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
    }
    listed = [part for name, value in values.items() for part in ("--conf", f"{name}={value}")]
    service = "org.apache.spark.sql.connect.service.SparkConnectServer"
    return ["--master", master, "--driver-memory", DRIVER_MEMORY, *listed, "--class", service, "spark-internal"]


def _launch(cluster: Cluster, name: str, command: list[str], *options: str) -> None:
    home, java = spark_home(), java_home()
    is_daemon = command[0] == "spark-class"
    places = ["--host", HOST, "--webui-port", "0"] if is_daemon else []
    environment = {
        **os.environ,
        **({"SPARK_DAEMON_MEMORY": "256m"} if is_daemon else {}),
        "JAVA_HOME": str(java),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
        "SPARK_WORKER_OPTS": "-Dspark.worker.cleanup.enabled=true",
        "TZ": "UTC",
    }
    first, *more = command
    with (cluster.folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [str(home / "bin" / first), *more, *places, *options],  # type: ignore[operator]
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=cluster.folder,
            start_new_session=True,
        )
    cluster.processes[name] = process.pid


def _wait_for(cluster: Cluster, name: str, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while _is_free(port):
        if not _is_alive(cluster.processes[name]) or time.monotonic() > deadline:
            raise ClusterProblem(f"The {name} did not start; its log is {cluster.folder / name}.log")
        time.sleep(0.3)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) != 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _signal(process: int, number: int) -> None:
    """Send a signal to a process that leads a session, and to everything in it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, number)


def main(arguments: list[str]) -> int:
    """Start or stop the cluster of a folder."""
    word, folder = arguments[0], Path(arguments[1])
    cluster = running(folder)
    if word == "up":
        try:
            cluster = cluster or start(folder)
        except ClusterProblem as problem:
            print(problem, file=sys.stderr)
            return 2
        print(f"Spark runs at {cluster.remote}. Next: orderhouse run --engine spark")
    elif word == "down":
        if cluster is not None:
            cluster.stop()
        print("Spark is stopped." if cluster else "No Spark runs here.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
