"""Tests of orderhouse.sources."""
