"""Simulation of a merchant: consistent, deterministic feeds, with the true results beside them.

`simulate` is the entry point. Everything here writes input; nothing here reads a warehouse.
"""

from orderhouse.simulate.options import Mess, SimulationOptions
from orderhouse.simulate.simulation import FEEDS, Progress, Simulated, run, simulate

__all__ = ["FEEDS", "Mess", "Progress", "Simulated", "SimulationOptions", "run", "simulate"]
