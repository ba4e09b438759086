"""Tests of the audit, over a small built warehouse that passes until a test plants a fault in it."""
