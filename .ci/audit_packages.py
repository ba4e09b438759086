"""Look the locked packages up in the advisory database of the package index, and fail on a known vulnerability.

Exit code 0: every package that could be looked up is free of known vulnerabilities. 1: one is not. 3: no package could
be looked up, which is no result, because the database was out of reach.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

# Vulnerabilities that do not concern Orderhouse, each with the reason.
ACCEPTED: dict[str, str] = {}


def main(lock: Path) -> int:
    """Print what was found, and return the exit code."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--require-hashes"]
    done = subprocess.run(  # noqa: S603 - the command is our own
        [*command, "--format", "json", "--progress-spinner", "off"], capture_output=True, text=True, check=False
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        print(f"NOT AUDITED: pip-audit gave no result. {done.stderr.strip().splitlines()[-1:]}")
        return 3
    audited = [package for package in packages if "vulns" in package]
    found = [
        (package["name"], package["version"], vulnerability["id"], ", ".join(vulnerability["fix_versions"]) or "none")
        for package in audited
        for vulnerability in package["vulns"]
        if not {vulnerability["id"], *vulnerability["aliases"]} & ACCEPTED.keys()
    ]
    for name, version, identifier, fixed in found:
        print(f"{name} {version}: {identifier}, fixed in {fixed}")
    unknown = len(packages) - len(audited)
    print(f"{len(audited)} packages looked up, {len(found)} known vulnerabilities, {unknown} packages unknown.")
    if not audited:
        print("NOT AUDITED: the database was out of reach, or knows none of the packages.")
        return 3
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
