"""Forecasts of demand and net sales: series, models, intervals, backtests. Definitions of demand belong to dbt."""
