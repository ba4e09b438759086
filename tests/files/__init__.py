"""Tests of orderhouse.files."""
