"""Backups of a home: take, list, verify and prune them, and restore a home from one.

Checks of a home in use belong in `orderhouse.doctor`, published versions in `orderhouse.serve`.
"""
