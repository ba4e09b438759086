"""Makes the sample feeds that come with the product: `python -m orderhouse.simulate.sample data/sample`.

2,000 orders of seed 1 with a little of every mess, as plain CSV in two parts and what comes late. Anything about how a
world is made belongs elsewhere.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from orderhouse.simulate.options import Mess
from orderhouse.simulate.simulation import Simulated, simulate

__all__ = ["make_sample"]


def make_sample(to: Path) -> Simulated:
    """Write the sample into a folder; always the same bytes."""
    return simulate(2_000, 1, to, Mess.light(), orders_per_file=1_000, truth_format="csv")


def main() -> None:
    """Make the sample in the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Make the sample feeds.")
    parser.add_argument("to", type=Path, help="folder to write to, such as data/sample")
    made = make_sample(parser.parse_args().to)
    print(f"{sum(made.rows.values()):,} rows in {made.files} files in {made.to}")


if __name__ == "__main__":
    main()
