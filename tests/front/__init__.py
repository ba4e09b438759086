"""Tests of the guard in front of the servers for people."""
