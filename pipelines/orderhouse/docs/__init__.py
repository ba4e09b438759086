"""Generators of the reference pages: `docs/feeds.md` and `docs/data_dictionary.md`."""
