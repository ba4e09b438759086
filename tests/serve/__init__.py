"""Tests of publishing, exports and look-ups."""
