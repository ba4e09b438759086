"""Tests of the dashboards on a small published warehouse."""
