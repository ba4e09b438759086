"""Tests of the languages: every file says the same, with the same values and plural forms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orderhouse.portal.languages as languages
import pytest
import yaml
from babel import Locale
from orderhouse.portal.asked import KINDS
from orderhouse.portal.asking import REASONS
from orderhouse.portal.tracking import PARCEL_STATES, STAGES

FOLDER = Path(languages.__file__).with_name("languages")
PORTAL = FOLDER.parent


def words(code: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{code}.yaml").read_text(encoding="utf-8"))
    return found


def flat(found: dict[str, Any]) -> dict[str, set[str]]:
    """Return the values that each sentence takes."""
    sentences: dict[str, set[str]] = {}
    for name, text in found.items():
        for key, each in text.items() if isinstance(text, dict) else [("", text)]:
            sentences[f"{name}.{key}"] = set(re.findall(r"{(\w+)}", each))
    return sentences


@pytest.mark.parametrize("code", ["de", "pt", "hi"])
def test_every_language_has_the_same_sentences_with_the_same_values(code: str) -> None:
    assert flat(words(code)) == flat(words("en"))


@pytest.mark.parametrize("code", languages.LANGUAGES)
def test_every_plural_form_of_small_numbers_is_there(code: str) -> None:
    forms = {Locale(code).plural_form(number) for number in range(200)}
    for name, text in words(code).items():
        if isinstance(text, dict) and "other" in text and name != "reasons":
            assert forms <= set(text), name


@pytest.mark.parametrize("code", languages.LANGUAGES)
def test_every_word_of_an_order_is_translated(code: str) -> None:
    found = words(code)
    assert set(STAGES) == set(found["stages"])
    assert set(PARCEL_STATES) == set(found["parcel_states"])
    assert set(KINDS) == set(found["request_kinds"])
    assert set(REASONS) == set(found["reasons"])


def test_every_sentence_that_the_pages_say_is_in_the_files() -> None:
    sources = [*PORTAL.glob("*.py"), *PORTAL.glob("templates/*.html")]
    said = {
        name for path in sources for name in re.findall(r'\bsay\(\s*"(\w+)"[,)]', path.read_text(encoding="utf-8"))
    } | {name for path in sources for name in re.findall(r'"(error_\w+)"', path.read_text(encoding="utf-8"))}
    assert len(said) > 30
    assert said - set(words("en")) == set()
