"""Tests of what operators may do, and of how their actions land."""
