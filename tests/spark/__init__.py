"""Tests of builds on Spark."""
