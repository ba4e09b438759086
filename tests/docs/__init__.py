"""Tests of orderhouse.docs."""
