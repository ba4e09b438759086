"""A made-up merchant: feeds from one consistent world, deterministic, with the truth beside them.

`simulate` is the entry. Everything here makes input; nothing here reads a warehouse.
"""

from orderhouse.simulate.options import Mess, SimulationOptions
from orderhouse.simulate.simulation import FEEDS, Progress, Simulated, run, simulate

__all__ = ["FEEDS", "Mess", "Progress", "Simulated", "SimulationOptions", "run", "simulate"]
