"""Schedules: worklists and reports that are made at due times and handed to the outbox or to a destination.

What is due, and what became of it, is recorded in the operations store before anything leaves the home. Delivery
belongs to `messages`, and the tables to `operations`.
"""
