"""Dagster definitions of Orderhouse: assets, checks, jobs, schedule and sensor.

Every step is one call into the library; logic belongs there. Importing this package alone does not import Dagster.
"""
