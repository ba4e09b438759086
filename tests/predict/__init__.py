"""Tests of `orderhouse.predict`."""
