"""Tests of `orderhouse.predict.forecasting`."""
