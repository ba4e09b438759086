"""Tests of roles and of what they may read."""
