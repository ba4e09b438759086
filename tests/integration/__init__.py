"""Whole runs of the installed command, on the sample and on real data."""
