"""The sources file: its declarations, and an error with file and line for every mistake in it."""
