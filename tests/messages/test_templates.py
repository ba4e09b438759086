"""Tests of templates: languages and their fallback, formats, plural forms, the sandbox, and the check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.messages.checking import SAMPLE_ORDER, check_templates
from orderhouse.messages.configuration import Configuration
from orderhouse.messages.kinds import KINDS, RULE_TEMPLATES
from orderhouse.messages.templates import LANGUAGES, Text, find_template, render
from orderhouse.messages.values import OF_CAMPAIGNS, OF_OPERATORS, SAMPLES, values_of

BERLIN = "Europe/Berlin"


def configuration(home: Path, **values: Any) -> Configuration:
    given = {"portal_url": "https://track.example.com", "shop_name": "Kettles", **values}
    return Configuration(home / "messages.yaml", **given)


def text(home: Path, kind: str, locale: str, stage: int = 0, name: str | None = None, **values: Any) -> Text:
    """Render an example."""
    found = configuration(home)
    payload = {**SAMPLE_ORDER, **SAMPLES[kind][stage], **values}
    return render(find_template(kind, locale, home / "messages"), locale, BERLIN, values_of(payload, found, name))


def write(home: Path, language: str, kind: str, body: str) -> Path:
    """Write a merchant's own template."""
    path = home / "messages" / language / f"{kind}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body, encoding="utf-8")
    return path


OWN = (
    "{% block subject %}Own {{ order_id }}{% endblock %}{% block text %}T{% endblock %}{% block short %}S{% endblock %}"
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_text_of_every_stage_is_whole(tmp_path: Path, kind: str, language: str) -> None:
    for stage in range(len(SAMPLES[kind])):
        for name in ("Erika Muster", None):
            found = text(tmp_path, kind, language, stage, name)
            assert SAMPLE_ORDER["order_id"] in found.title + found.text
            assert found.text.count("https://track.example.com/track/H8EHWSRWMQAF") == 1
            assert found.html.count('href="https://track.example.com/track/H8EHWSRWMQAF"') == 1
            assert ("Erika Muster" in found.text) is (name is not None)
            assert len(found.short) <= 160 + 60 and "Kettles" in found.text
            for wrong in ("None", "{{", "{%", "{n}", "\n\n\n", "Undefined", " ,", " ."):
                assert wrong not in found.title + found.text + found.short


def test_language_of_every_kind_is_its_own(tmp_path: Path) -> None:
    for kind in KINDS:
        assert len({text(tmp_path, kind, language).title for language in LANGUAGES}) == len(LANGUAGES)


def test_plural_forms_follow_the_language(tmp_path: Path) -> None:
    one, many = text(tmp_path, "return_received", "en"), text(tmp_path, "return_received", "en", 1)
    assert "1 item that you returned has arrived" in one.text
    assert "3 items that you returned have arrived" in many.text
    assert "1 Artikel Ihrer Bestellung OH-000001234 muss erst" in text(tmp_path, "back_ordered", "de").text
    assert "1.001 Artikel Ihrer Bestellung OH-000001234 müssen" in text(tmp_path, "back_ordered", "de", 1).text
    assert "1 artigo da sua devolução chegou" in text(tmp_path, "return_received", "pt").text
    assert "3 artigos da sua devolução chegaram" in text(tmp_path, "return_received", "pt", 1).text
    assert "1 वस्तु हमें मिल गई है" in text(tmp_path, "return_received", "hi").text
    assert "3 वस्तुएँ हमें मिल गई हैं" in text(tmp_path, "return_received", "hi", 1).text


def test_money_and_days_are_those_of_the_country_and_the_business_zone(tmp_path: Path) -> None:
    def found(locale: str) -> str:
        return text(tmp_path, "order_confirmation", locale).text.replace("\xa0", " ").replace("\u202f", " ")

    # 22:00 UTC on 5 April is midnight in Berlin, so the day is the 6th.
    assert "€1,234.50" in found("en_GB") and "6 April 2026" in found("en_GB")
    assert "April 6, 2026" in found("en_US")
    assert "1.234,50 €" in found("de_DE") and "6. April 2026" in found("de_DE")
    assert "€ 1.234,50" in found("de_AT")
    assert "6 de abril de 2026" in found("pt_BR")
    assert "€1,234.50" in found("hi_IN") and "6 अप्रैल 2026" in found("hi_IN")
    assert "₹12,34,567.50" in text(tmp_path, "refunded", "hi_IN", 1, currency="INR").title


def test_language_falls_back_step_by_step_and_the_own_text_comes_first(tmp_path: Path) -> None:
    own = tmp_path / "messages"
    assert find_template("late", "de_AT", own).language == "de"
    assert find_template("late", "fr_FR", own).language == "en"
    assert find_template("late", "fr_FR", own, "pt").language == "pt"
    write(tmp_path, "de", "late", OWN)
    assert text(tmp_path, "late", "de_AT").title == "Own OH-000001234"
    write(tmp_path, "de_AT", "late", OWN.replace("Own", "Servus"))
    assert text(tmp_path, "late", "de_AT").title == "Servus OH-000001234"
    assert text(tmp_path, "late", "de_DE").title == "Own OH-000001234"


@pytest.mark.parametrize(
    ("code", "name"), [("dhl", "DHL"), ("usps", "USPS"), ("hermes", "Hermes"), ("dhl_express", "Dhl Express")]
)
def test_carrier_has_a_name_for_people(tmp_path: Path, code: str, name: str) -> None:
    assert f"warehouse with {name}." in text(tmp_path, "dispatched", "en", carrier=code).text


def test_text_in_another_language_has_the_days_of_that_language(tmp_path: Path) -> None:
    assert "April" in text(tmp_path, "order_confirmation", "fr_FR").text
    assert "avril" not in text(tmp_path, "order_confirmation", "fr_FR").text


def test_version_changes_with_the_text(tmp_path: Path) -> None:
    own = tmp_path / "messages"
    write(tmp_path, "en", "late", OWN)
    first = find_template("late", "en", own).version
    assert find_template("late", "en", own).version == first
    write(tmp_path, "en", "late", OWN + "{# #}")
    assert find_template("late", "en", own).version != first


def test_values_are_escaped_in_html_and_never_templates(tmp_path: Path) -> None:
    found = text(tmp_path, "return_received", "en", name="<b>{{ 7 * 7 }}</b>",
                 items=[{"name": "<script>", "quantity": 1}])  # fmt: skip
    assert "<script>" not in found.html and "<b>" not in found.html
    assert "{{ 7 * 7 }}" in found.text


def test_value_beside_the_link_is_escaped_too(tmp_path: Path) -> None:
    write(tmp_path, "en", "late", OWN.replace("}T{", "}<i>{{ name }}</i>\n{{ tracking_url }}{"))
    found = text(tmp_path, "late", "en", name="<b>x</b>").html
    assert "&lt;i&gt;&lt;b&gt;x" in found and "<b>" not in found and "<i>" not in found


def test_variable_without_a_value_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, "en", "late", OWN.replace("}T{", "}\nT {{ nothing }}{"))
    with pytest.raises(OrderhouseError, match=f"^{path}:2: 'nothing' is undefined"):
        text(tmp_path, "late", "en")


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ plural.__globals__ }}",
        "{{ items.append(1) }}",
        "{% for i in range(10) %}x{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ 'x' * 100000 }}",
        "{{ 1 / 0 }}",
        "{{ items[7].name }}",
    ],
)
def test_template_reaches_nothing_beside_its_values(tmp_path: Path, attack: str) -> None:
    path = write(tmp_path, "en", "return_received", OWN.replace("}T{", "}\n" + attack + "{"))
    with pytest.raises(OrderhouseError, match=f"^{path}:[12]: "):
        text(tmp_path, "return_received", "en")


def test_check_finds_nothing_in_the_package(tmp_path: Path) -> None:
    checked = check_templates(configuration(tmp_path))
    assert checked.problems == []
    stages = sum(len(samples) for samples in [*SAMPLES.values(), *OF_OPERATORS.values()]) + len(OF_CAMPAIGNS)
    assert checked.texts == (stages * 2 + len(RULE_TEMPLATES)) * len(LANGUAGES)
    assert set(SAMPLES) == set(KINDS)


def test_check_names_file_and_line_of_each_mistake(tmp_path: Path) -> None:
    bad = write(tmp_path, "de", "late", OWN.replace("}T{", "}\n\n{% if new_at %}{{ oder_id }}{% endif %}{"))
    dead = write(tmp_path, "de_AT", "late", OWN.replace("}T{", "}\n{% if false %}{{ price }}{% endif %}T{"))
    broken = write(tmp_path, "en", "delivered", "{% block subject %}a{% endblock %}\n{% block text %}{{ x ")
    empty = write(tmp_path, "pt", "delivered", "{% block subject %}a{% endblock %}")
    other = write(tmp_path, "pt", "deliverd", OWN)
    misplaced = write(tmp_path, "german", "late", OWN)
    found = check_templates(configuration(tmp_path)).problems
    assert f"{bad}:3: there is no variable 'oder_id'; did you mean 'order_id'?" in found
    assert any(problem.startswith(f"{dead}:2: there is no variable 'price'") for problem in found)
    assert any(problem.startswith(f"{broken}:2: ") for problem in found)
    assert f"{empty}:1: the block 'text' is missing or empty." in found
    assert f"{other}:1: there is no kind of message 'deliverd'; did you mean 'delivered'?" in found
    assert f"{misplaced}:1: the folder must be a language, such as de or de_AT." in found
