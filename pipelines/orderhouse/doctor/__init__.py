"""Checks of a home: every file, what is wrong with it, where, and what to do; and the repair of what is derived.

Received rows and the vault are never changed here. Backups belong in `orderhouse.backup`.
"""
