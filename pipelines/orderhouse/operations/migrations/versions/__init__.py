"""Migrations in order. Each has the number of its file as its version."""
