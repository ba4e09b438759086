"""Customers: one version of a customer per row."""

from __future__ import annotations

from orderhouse.contracts.columns import boolean, country, identifier, instant, personal, text, units
from orderhouse.contracts.contract import Contract

__all__ = ["Customers"]


class Customers(Contract):
    """Who buys."""

    shape = "versioned"

    customer_id = identifier(key=True, required=True)
    updated_at = instant("Version clock.", required=True)
    created_at = instant("When the customer became known to the source.")
    email = personal("E-mail address.", kind="email")
    name = personal("Name.", kind="name")
    phone = personal("Telephone number.", kind="phone")
    country = country()
    region = text()
    city = text()
    birth_year = units()
    gender = text()
    marketing_consent = boolean("May be written to.")
    language = text()
