"""Tests of homes that earlier releases made."""
