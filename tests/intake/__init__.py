"""Tests of the webhook intake."""
