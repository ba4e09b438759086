"""Tests of the examination and repair of homes."""
