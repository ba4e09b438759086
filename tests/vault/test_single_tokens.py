"""Tests of tokens of single values: they are those of the vault."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.vault.single_tokens import token_of
from orderhouse.vault.vault import in_memory_vault


@given(st.sampled_from(["email", "name", "postcode"]), st.text(alphabet=st.characters(codec="ascii"), min_size=1))
def test_a_token_is_the_one_that_the_vault_computes(kind: str, value: str) -> None:
    with in_memory_vault() as vault:
        (expected,) = vault.tokens_of(kind, pl.DataFrame({"value": [value]}))["token"].to_list()
        assert token_of(vault.keys, kind, value) == expected
