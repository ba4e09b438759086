"""Tests of the audit, over a small built warehouse that holds, until a test plants a fault in it."""
