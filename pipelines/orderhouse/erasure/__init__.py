"""Erasing a person: which tokens are theirs, what is deleted, and how retained originals forget them.

What a token is belongs in `vault`; how originals are kept belongs in `originals`.
"""

from __future__ import annotations

from orderhouse.erasure.erasing import Erasure, erase, look_up
from orderhouse.erasure.person import By, Person
from orderhouse.erasure.suppression import suppress

__all__ = ["By", "Erasure", "Person", "erase", "look_up", "suppress"]
