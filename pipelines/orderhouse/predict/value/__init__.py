"""Customer value: purchases by BG/NBD, amounts by Gamma-Gamma, and the predictor that stores both.

Frequency, recency and observed days of a customer are computed by dbt, in `int_customer_frequencies`.
"""
