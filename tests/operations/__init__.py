"""Tests of the operations store and the audit log."""
