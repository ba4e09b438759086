"""Tests, laid out as the source they test."""
