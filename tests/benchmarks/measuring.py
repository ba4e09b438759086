"""Measurement of one command in a process of its own: its time, and its peak memory with its children."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["Measured", "measure"]

# Frequent enough to catch the peak of a build, rare enough to cost little itself.
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Measured:
    """Cost of a command.

    Attributes:
        seconds: Wall clock, with its start-up.
        cpu_seconds: User and system time of the command and its children.
        peak_bytes: Greatest sum of resident memory of it and its children, sampled.
    """

    name: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int


def measure(name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> Measured:
    """Run a command to its end; its output goes to the log.

    Raises:
        SystemExit: It failed; with the end of the log.
    """
    before = os.times()
    began = time.monotonic()
    with log.open("a", encoding="utf-8") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )
        sampler = _Sampler(process.pid)
        sampler.start()
        code = process.wait()
        sampler.stop()
    seconds = time.monotonic() - began
    after = os.times()
    if code != 0:
        tail = "\n".join(log.read_text(encoding="utf-8").splitlines()[-30:])
        raise SystemExit(f"{name} ended with exit code {code}:\n{tail}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(name, seconds, cpu, sampler.peak_bytes)


class _Sampler(threading.Thread):
    """Samples the resident memory of a process and its children."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self._root = psutil.Process(pid)
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self.peak_bytes = max(self.peak_bytes, _resident(self._root))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _resident(root: psutil.Process) -> int:
    total = 0
    try:
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total
