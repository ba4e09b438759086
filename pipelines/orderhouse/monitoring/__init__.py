"""Monitoring: conditions that need a person, the alerts about them, and figures for a metrics server."""
