"""Tests of the dashboards in Chromium."""
