"""Check of templates: every kind in every language for every stage, before a customer meets a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import TemplateSyntaxError, meta, nodes

from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import FILE, Configuration
from orderhouse.messages.contacts import Contact
from orderhouse.messages.kinds import CAMPAIGN, CAMPAIGN_TEMPLATES, KINDS, OPERATOR_TEMPLATES
from orderhouse.messages.locales import locale_of
from orderhouse.messages.rule_texts import marked_text
from orderhouse.messages.templates import (
    EXTENSION,
    LANGUAGES,
    Found,
    environment_of,
    find_template,
    language_files,
    render,
)
from orderhouse.messages.values import COMMON, samples_of, values_of

__all__ = ["Checked", "check_templates"]

LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
LINK = "https://track.example.com/unsubscribe/x"
NAMES = ("Erika Muster", None)
SAMPLE_ORDER = {"order_id": "OH-000001234", "tracking_id": "H8EHWSRWMQAF", "currency": "EUR"}


class Checked:
    """Result of a check.

    Attributes:
        texts: Number of texts that were rendered.
        problems: One sentence for each mistake, with file and line.
    """

    def __init__(self) -> None:
        self.texts = 0
        self.problems: list[str] = []

    def note(self, problem: str) -> None:
        """Keep a problem once."""
        if problem not in self.problems:
            self.problems.append(problem)


def check_templates(configuration: Configuration, zone: str = "UTC") -> Checked:
    """Render every template in every language for every stage, and return what is wrong.

    Args:
        configuration: Configuration in force.
        zone: Business time zone.
    """
    own = configuration.path.parent / FILE.removesuffix(".yaml")
    checked = Checked()
    languages = {*LANGUAGES}
    names = dict.fromkeys((*KINDS, CAMPAIGN.name, *OPERATOR_TEMPLATES))
    for path in language_files(own):
        for problem in _misplaced(path, configuration):
            checked.note(problem)
        if LANGUAGE.fullmatch(path.parent.name):
            languages.add(path.parent.name)
            if CAMPAIGN_TEMPLATES.fullmatch(path.stem):
                names[path.stem] = None
    for kind in names:
        for language in sorted(languages):
            _check(checked, configuration, own, kind, language, zone)
    for name in configuration.templates:
        for language in sorted(languages):
            _check_of_rules(checked, configuration, name, language, zone)
    return checked


def _check_of_rules(checked: Checked, configuration: Configuration, name: str, language: str, zone: str) -> None:
    """Render a text that rules send with marks in place of its fields."""
    try:
        marked_text(configuration, name, language, zone)
    except OrderhouseError as error:
        checked.note(error.message)
    checked.texts += 1


def _misplaced(path: Path, configuration: Configuration) -> Iterator[str]:
    """Yield what is wrong with place and name of a merchant's own template."""
    kind, known = path.name.removesuffix(EXTENSION), (*KINDS, *OPERATOR_TEMPLATES, *configuration.templates)
    if kind not in known and not CAMPAIGN_TEMPLATES.fullmatch(kind):
        yield f"{path}:1: {nearest_sentence('kind of message', kind, known)}"
    if not LANGUAGE.fullmatch(path.parent.name):
        yield f"{path}:1: the folder must be a language, such as de or de_AT."


def _check(checked: Checked, configuration: Configuration, own: Path, kind: str, language: str, zone: str) -> None:
    try:
        found = find_template(kind, language, own, configuration.language)
    except OrderhouseError as error:
        checked.note(error.message)
        return
    for problem in _unknown_variables(found, kind, zone):
        checked.note(problem)
    locale = locale_of(language, None, configuration.language)
    is_campaign = CAMPAIGN_TEMPLATES.fullmatch(kind) is not None
    of_order = {} if is_campaign or kind in OPERATOR_TEMPLATES else SAMPLE_ORDER
    for sample in samples_of(kind):
        for name in NAMES:
            try:
                values = values_of({**of_order, **sample}, configuration, Contact(name=name).name, LINK)
                text = render(found, locale, zone, values)
                if is_campaign and not (LINK in text.text and LINK in text.short):
                    checked.note(f"{found.path}:1: the blocks text and short must have {{{{ unsubscribe_url }}}}.")
            except OrderhouseError as error:
                checked.note(error.message)
            checked.texts += 1


def _unknown_variables(found: Found, kind: str, zone: str) -> Iterator[str]:
    """Yield variables that messages of this kind do not have, also where no example comes by."""
    environment = environment_of(found.language, zone)
    try:
        tree = environment.parse(found.source)
    except TemplateSyntaxError as error:
        yield f"{found.path}:{error.lineno}: {(error.message or 'it is not valid').rstrip('.')}."
        return
    known = {*COMMON, *environment.globals, *(key for sample in samples_of(kind) for key in sample)}
    for name in sorted(meta.find_undeclared_variables(tree) - known):
        line = min(node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
        yield f"{found.path}:{line}: {nearest_sentence('variable', name, known)}"
