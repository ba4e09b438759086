"""Serving what is published: versions, exports, look-ups.

Nothing here computes a number; all of it reads published files.
"""
