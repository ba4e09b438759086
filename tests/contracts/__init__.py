"""Tests of orderhouse.contracts."""
