"""Tests of orderhouse.vault."""
