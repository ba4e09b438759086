"""Tests of the built wheel, in an environment and a folder of their own; `make test-wheel` runs them."""
