"""The sample feeds that come with the product: `python -m orderhouse.simulate.sample data/sample`.

2,000 orders of seed 1 with a little of every kind of mess, as plain CSV in two parts and a third with late rows. The
making of the world belongs in the other modules.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from orderhouse.simulate.options import Mess
from orderhouse.simulate.simulation import Simulated, simulate

__all__ = ["make_sample"]


def make_sample(to: Path) -> Simulated:
    """Write the sample into a folder; the bytes are always the same."""
    return simulate(2_000, 1, to, Mess.light(), orders_per_file=1_000, truth_format="csv")


def main() -> None:
    """Write the sample into the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Make the sample feeds.")
    parser.add_argument("to", type=Path, help="folder to write to, such as data/sample")
    result = make_sample(parser.parse_args().to)
    print(f"{sum(result.rows.values()):,} rows in {result.files} files in {result.to}")


if __name__ == "__main__":
    main()
