"""Tests of orderhouse.repair."""
