"""Texts that rules send to customers: their variables, and how they look before a rule has sent one.

Which rows a rule matches, and when it sends, belongs to the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, meta

from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import FILE, Configuration
from orderhouse.messages.locales import locale_of
from orderhouse.messages.templates import Found, Text, environment_of, find_template, render
from orderhouse.messages.values import COMMON, values_of

__all__ = ["found_text", "marked_text", "variables_of"]

NAME = "…"
ORDER = {"order_id": "OH-000001234", "tracking_id": "H8EHWSRWMQAF", "currency": "EUR"}


def found_text(configuration: Configuration, name: str, language: str) -> Found:
    """Return the template of a text in the nearest language.

    Raises:
        OrderhouseError: There is none.
    """
    own = configuration.path.parent / FILE.removesuffix(".yaml")
    return find_template(name, language, own, configuration.language)


def variables_of(found: Found, zone: str = "UTC") -> set[str]:
    """Return the fields of a row that a text names, without the variables of every text.

    Raises:
        OrderhouseError: The template is not valid.
    """
    environment = environment_of(found.language, zone)
    try:
        tree = environment.parse(found.source)
    except TemplateSyntaxError as error:
        clause = (error.message or "it is not valid").rstrip(".")
        raise OrderhouseError(f"{found.path}:{error.lineno}: {clause}.") from None
    return meta.find_undeclared_variables(tree) - {*COMMON, *environment.globals}


def marked_text(
    configuration: Configuration, name: str, language: str, zone: str, fields: Mapping[str, Any] | None = None
) -> Text:
    """Return a text with the fields of a row, and with the names of other fields in marks.

    Raises:
        OrderhouseError: The template has a mistake.
    """
    found = found_text(configuration, name, language)
    marks = {each: f"‹{each}›" for each in variables_of(found, zone)}
    locale = locale_of(language, None, configuration.language)
    return render(found, locale, zone, values_of({**ORDER, **marks, **(fields or {})}, configuration, NAME))
