"""Mutation tests: every model is changed in small places, and the checks of the project have to notice."""
