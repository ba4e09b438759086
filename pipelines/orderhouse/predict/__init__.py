"""Predictions: forecasts, values of customers, routing. Each is stored with the run that made it.

A predictor reads the tables of the last build, and its predictions are rows of tables of their own, which dbt reads as
a source. No prediction enters a fact of what happened.
"""
