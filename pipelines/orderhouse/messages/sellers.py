"""Sellers in texts: the company that sold an order, its tax number, and its tax in the words of the reader."""

from __future__ import annotations

from collections.abc import Mapping

from babel import Locale

from orderhouse.messages.message_file import LegalEntity

__all__ = ["imprint_of", "seller_of", "tax_name"]

# What the number for sales taxes is called on invoices of a country. Readers in any language look for this word.
TAX_NUMBERS = {
    "AT": "UID-Nr.", "AU": "ABN", "BE": "BTW/TVA", "BR": "CNPJ", "CA": "GST/HST No.", "CH": "UID", "DE": "USt-IdNr.",
    "DK": "CVR-nr.", "ES": "NIF", "FI": "ALV-nro", "FR": "N° TVA", "GB": "VAT Reg. No.", "IE": "VAT No.", "IN": "GSTIN",
    "IT": "P. IVA", "MX": "RFC", "NL": "Btw-nr.", "NO": "Org.nr.", "NZ": "GST No.", "PL": "NIP", "PT": "NIF",
    "SE": "Momsreg.nr", "SG": "GST Reg. No.", "US": "EIN", "ZA": "VAT No.",
}  # fmt: skip
VALUE_ADDED = frozenset(
    (
        "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IT",
        "LI", "LT", "LU", "LV", "MT", "MX", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "ZA",
    )
)  # fmt: skip
GOODS_AND_SERVICES = frozenset(["AU", "CA", "IN", "NZ", "SG"])
SALES = frozenset({"US"})
# Names of the taxes by language: value-added, goods and services, sales, and any other.
NAMES = {
    "en": ("VAT", "GST", "sales tax", "tax"),
    "de": ("MwSt.", "GST", "Umsatzsteuer", "Steuer"),
    "pt": ("IVA", "GST", "imposto sobre vendas", "imposto"),
    "hi": ("वैट", "जीएसटी", "बिक्री कर", "कर"),
}


def seller_of(
    entities: Mapping[str, LegalEntity], legal_entity: str | None, shop_name: str | None = None
) -> dict[str, str]:
    """Return the seller of an order as texts name it.

    Args:
        entities: The declared companies, by the name that orders give.
        legal_entity: The company that the order names, or None; then the only one that is declared counts.
        shop_name: Name of the shop whose company has none of its own.

    Returns:
        `name`, `address`, `country`, `tax_label`, `tax_id` and `shop`, empty where nothing is declared; no key at all
        for a company that is not declared.
    """
    declared = entities.get(legal_entity) if legal_entity else None
    name = legal_entity
    if legal_entity is None and len(entities) == 1:
        ((name, declared),) = entities.items()
    if declared is None:
        return {}
    return {
        "name": declared.name or str(name),
        "address": declared.address or "",
        "country": declared.country or "",
        "tax_label": TAX_NUMBERS.get(declared.country or "", "Tax ID"),
        "tax_id": declared.tax_id or "",
        "shop": declared.shop_name or shop_name or "",
    }


def imprint_of(seller: Mapping[str, str]) -> str:
    """Return the line that names a seller at the end of a text; empty for none."""
    if not seller:
        return ""
    number = f"{seller['tax_label']} {seller['tax_id']}" if seller["tax_id"] else ""
    return ", ".join(each for each in (seller["name"], seller["address"], number) if each)


def tax_name(country: str, locale: str) -> str:
    """Return what the tax on sales in a country is called in a language; a general word for an unknown country."""
    value_added, goods_and_services, sales, other = NAMES.get(Locale.parse(locale).language, NAMES["en"])
    if country in VALUE_ADDED:
        return value_added
    if country in GOODS_AND_SERVICES:
        return goods_and_services
    return sales if country in SALES else other
