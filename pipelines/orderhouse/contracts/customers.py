"""Customers: one version of a customer per row."""

from __future__ import annotations

from orderhouse.contracts.columns import boolean, country, identifier, instant, label, personal, text, units
from orderhouse.contracts.contract import Contract

__all__ = ["Customers"]


class Customers(Contract):
    """A customer, as the source describes them at `updated_at`."""

    shape = "versioned"

    customer_id = identifier("The customer.", key=True, required=True)
    updated_at = instant("Version clock.", required=True)
    created_at = instant("The instant from which the source knows the customer.")
    email = personal("E-mail address.", kind="email")
    name = personal("Name.", kind="name")
    phone = personal("Telephone number.", kind="phone")
    country = country("Country.")
    region = text("Region.")
    city = text("City.")
    birth_year = units("Year of birth.")
    gender = text("As the source writes it.")
    marketing_consent = boolean("The customer agreed to be written to.")
    language = text("As the source writes it.")
    customer_group = label("The group whose price lists count, such as `wholesale`.")
