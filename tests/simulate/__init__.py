"""Tests of the simulator: reproducible bytes, a consistent world, and a truth that agrees with the feeds."""
