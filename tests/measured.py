"""Commands in a process of their own, with the peak of its memory."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import re, sys
from pathlib import Path
from orderhouse.cli.application import run_command
code = run_command(sys.argv[1:])
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1)
print("\\nMEASURED", code, int(peak) // 1024)
"""


def run_measured(*arguments: str, **environment: str) -> tuple[int, int, str]:
    """Run a command of `orderhouse`; return its exit code, its peak memory in MB, and what it said.

    `getrusage` would count the memory of the process that started it too.
    """
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    said = " ".join((done.stdout + done.stderr).split())
    assert "MEASURED" in done.stdout, said
    code, peak = done.stdout.rpartition("MEASURED")[2].split()
    return int(code), int(peak), said
