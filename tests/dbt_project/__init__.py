"""Tests of the checks that guard the dbt project."""
