"""Serving of published versions: publication, rollback, queries and exports.

This package computes no numbers; these belong to `dbt_project/`.
"""
