"""The sources file: its declarations, and a sentence with file and line for every mistake in it."""
