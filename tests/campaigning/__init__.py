"""Tests of campaigns: their file, audiences, arms, starts and lists."""
