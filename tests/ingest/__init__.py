"""Tests of orderhouse.ingest."""
