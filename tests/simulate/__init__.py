"""Tests of the simulator: the same bytes, a consistent world, a truth that the feeds bear out."""
