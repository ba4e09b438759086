"""Tests of the routing of open orders."""
