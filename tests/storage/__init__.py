"""Tests of orderhouse.storage."""
