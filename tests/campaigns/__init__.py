"""Campaigns: long searches for lost or wrong rows, resumable, whose counts add up across runs.

A campaign writes one JSON line per unit of work into its folder and continues after the last one. Units are numbered,
and a number gives the same work on every machine. `python -m tests.campaigns.<name> --help` says how to run one.
"""
