"""Measurements against the limit: a hand-written script that loads the same files and builds the same marts."""
