"""Tests of orderhouse.transform."""
