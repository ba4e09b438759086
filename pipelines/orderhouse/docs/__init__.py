"""Generators of the reference pages `docs/feeds.md` and `docs/data_dictionary.md`.

The texts themselves belong to the contracts and the dbt project.
"""
