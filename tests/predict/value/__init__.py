"""Tests of customer value."""
