"""Proposals of a sources file: which format or mapping fits files that nobody has declared yet."""
