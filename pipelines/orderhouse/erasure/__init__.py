"""Erasure of a person: find their tokens, delete their values, and redact the retained originals.

Tokens and the storage of originals belong to `orderhouse.vault`.
"""

from __future__ import annotations

from orderhouse.erasure.erasing import Erasure, erase, look_up
from orderhouse.erasure.person import By, Person
from orderhouse.erasure.suppression import suppress

__all__ = ["By", "Erasure", "Person", "erase", "look_up", "suppress"]
