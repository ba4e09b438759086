"""Tests of sellers in texts: the company of the order, its tax number, and the tax in the words of the reader."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.messages.checking import SAMPLE_ORDER, check_templates
from orderhouse.messages.configuration import Configuration, load_configuration
from orderhouse.messages.kinds import CAMPAIGN, KINDS
from orderhouse.messages.message_file import LegalEntity
from orderhouse.messages.sellers import seller_of, tax_name
from orderhouse.messages.service import deliver_messages, derive_messages
from orderhouse.messages.templates import LANGUAGES, find_template, render
from orderhouse.messages.values import samples_of, values_of
from orderhouse.settings import Settings

from tests.messages.home import configure, order, publish, settle
from tests.messages.making import NOW
from tests.messages.sinks import MailSink

GMBH = LegalEntity(
    name="Kessel GmbH", address="Weg 1, 10115 Berlin", country="DE", tax_id="DE123456789", shop_name="Kessel"
)
LIMITED = LegalEntity(country="IN", tax_id="29ABCDE1234F1Z5")
BOTH = {"de": GMBH, "Kettles Private Limited": LIMITED}
DECLARED = """
legal_entities:
  de: {name: Kessel GmbH, address: "Weg 1, 10115 Berlin", country: DE, tax_id: DE123456789, shop_name: Kessel}
  Kettles Private Limited: {country: IN, tax_id: 29ABCDE1234F1Z5}
"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [*KINDS, CAMPAIGN.name])
def test_every_text_names_the_declared_seller_and_no_other(tmp_path: Path, kind: str, language: str) -> None:
    found = Configuration(tmp_path / "messages.yaml", shop_name="Kettles", legal_entities=BOTH)
    for sample in samples_of(kind):
        for company, line in (
            ("de", "Kessel GmbH, Weg 1, 10115 Berlin, USt-IdNr. DE123456789"),
            ("Kettles Private Limited", "Kettles Private Limited, GSTIN 29ABCDE1234F1Z5"),
            ("unknown", None),
        ):
            values = values_of({**SAMPLE_ORDER, **sample, "legal_entity": company}, found, None, "https://x.example/u")
            text = render(find_template(kind, language, tmp_path / "messages"), language, "UTC", values).text
            assert line is None or text.splitlines().count(line) == 1
            assert ("Kessel" in text, "GSTIN" in text) == (company == "de", company.startswith("Kettles"))
            assert "\n\n\n" not in text and ("Kettles" in text) is (company != "de")


def test_check_covers_texts_with_a_seller(tmp_path: Path) -> None:
    found = Configuration(tmp_path / "messages.yaml", portal_url="https://x.example", legal_entities={"de": GMBH})
    assert check_templates(found).problems == []


@pytest.mark.parametrize(
    ("country", "locale", "name"),
    [
        ("DE", "de_DE", "MwSt."), ("DE", "en_GB", "VAT"), ("PT", "pt_PT", "IVA"), ("IN", "hi_IN", "जीएसटी"),
        ("US", "en_US", "sales tax"), ("BR", "pt_BR", "imposto"), ("", "de_AT", "Steuer"), ("GB", "fr_FR", "VAT"),
    ],
)  # fmt: skip
def test_tax_has_a_name_in_the_language_of_the_reader(country: str, locale: str, name: str) -> None:
    assert tax_name(country, locale) == name


def test_only_declared_company_counts_for_orders_that_name_none() -> None:
    assert seller_of({"de": GMBH}, None)["name"] == "Kessel GmbH"
    assert seller_of(BOTH, None) == {} == seller_of({}, "de")


def test_customer_reads_who_sold_and_how_much_tax_is_in_the_total(settings: Settings, mail: MailSink) -> None:
    settle(settings)
    configure(settings, mail.server, DECLARED)
    publish(settings, order("OH-1", legal_entity="de"), order("OH-2", "ravi", tax_amount=0))
    derive_messages(settings, now=NOW - timedelta(days=1))
    derive_messages(settings, now=NOW)
    deliver_messages(settings, now=NOW)
    german, hindi = (message.get_body(("plain",)).get_content() for _, message in sorted(mail.got, key=str))
    if "Kessel" not in german:
        german, hindi = hindi, german
    assert "Darin sind 9,57\xa0€ MwSt. enthalten." in german
    assert "Kessel GmbH, Weg 1, 10115 Berlin, USt-IdNr. DE123456789" in german and "Kettles" not in german
    assert "कर" not in hindi and "Kettles" in hindi and "GSTIN" not in hindi


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("legal_entities: {de: {tax: DE1}}", "legal_entities.de has no key 'tax'; did you mean 'tax_id'?"),
        ("legal_entities: {de: {country: Germany}}", "legal_entities.de.country"),
    ],
)
def test_mistake_is_told_with_its_line(settings: Settings, line: str, problem: str) -> None:
    configure(settings, more=f"{line}\n")
    with pytest.raises(OrderhouseError) as refused:
        load_configuration(settings)
    assert f"{settings.home / 'messages.yaml'}:3: {problem}" in refused.value.message
