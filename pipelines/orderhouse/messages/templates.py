"""Templates of messages: one file per kind and language, a merchant's own before those of the package.

A file has the Jinja blocks `subject`, `text` and `short`. The HTML of a mail is made of the text, unless the file has a
block `html`. Templates run in a sandbox, and an unknown variable is an error.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from orderhouse.errors import OrderhouseError
from orderhouse.messages.formats import filters_of, plural_of
from orderhouse.messages.locales import fallbacks
from orderhouse.messages.sellers import imprint_of

__all__ = ["BLOCKS", "LANGUAGES", "Found", "Text", "find_template", "language_files", "render"]

PACKAGED = Path(__file__).with_name("templates")
LANGUAGES = ("en", "de", "pt", "hi")
BLOCKS = ("subject", "text", "short")
EXTENSION = ".txt"
# A text longer than this is none that a person would read.
LONGEST = 50_000
LONGEST_SHORT = 480


@dataclass(frozen=True)
class Found:
    """A template.

    Attributes:
        path: Its file.
        language: Folder in which it was found, such as `de`.
        source: Its text.
    """

    path: Path
    language: str
    source: str

    @property
    def version(self) -> str:
        """Return the first 16 characters of SHA-256 over it and what makes HTML of it."""
        return _version(self.source)


@dataclass(frozen=True)
class Text:
    """A rendered message."""

    title: str
    text: str
    html: str
    short: str


@cache
def _version(source: str) -> str:
    return hashlib.sha256((source + _layout()).encode()).hexdigest()[:16]


def find_template(kind: str, locale: str, own: Path, default: str = "en") -> Found:
    """Return the template of a kind in the nearest language.

    A merchant's own template comes first in each language: own de_AT, ours de_AT, own de, ours de, and so on.

    Args:
        kind: The kind.
        locale: Locale of the customer.
        own: Folder of the merchant's templates.
        default: Language for customers whose language has no template.

    Raises:
        OrderhouseError: There is none, or it cannot be read.
    """
    for language in fallbacks(locale, default):
        for folder in (own, PACKAGED):
            path = folder / language / f"{kind}{EXTENSION}"
            if path.is_file():
                return Found(path, language, _read(path, path.stat().st_mtime_ns))
    raise OrderhouseError(f"There is no template of {kind} in {own} or in the package.")


def language_files(own: Path) -> Iterator[Path]:
    """Yield the merchant's own templates."""
    yield from sorted(own.glob(f"*/*{EXTENSION}"))


@cache
def _read(path: Path, _: int) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OrderhouseError(f"{path} cannot be read as a template: {type(error).__name__}.") from None


def render(found: Found, locale: str, zone: str, values: Mapping[str, Any]) -> Text:
    """Return the text of a message, which ends with the company that sold.

    Args:
        found: Its template.
        locale: Locale of the customer, whose language may be another one than the template's.
        zone: Business time zone.
        values: The variables.

    Raises:
        OrderhouseError: The template has a mistake or lacks a variable; the message has file and line.
    """
    # A customer who gets a text in another language gets that language's plural forms and names of months.
    spoken = locale if locale.split("_")[0] == found.language.split("_")[0] else found.language
    template = None
    try:
        template = compiled(found, spoken, zone)
        context = template.new_context(dict(values))
        parts = {name: _block(template, name, context) for name in (*BLOCKS, "html")}
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise OrderhouseError(f"{found.path}:{_line_of(error, found, template)}: {_clause(error)}.") from None
    for name in BLOCKS:
        if not parts[name]:
            raise OrderhouseError(f"{found.path}:1: the block {name!r} is missing or empty.")
    title = " ".join(parts["subject"].split())
    text = "\n\n".join(each for each in (parts["text"], imprint_of(values.get("seller") or {})) if each)
    own_pages = str(values.get("pages_url", ""))
    html = parts["html"] or _html(title, text, spoken, str(values.get("tracking_url", "")), own_pages)
    return Text(title, text + "\n", html, " ".join(parts["short"].split())[:LONGEST_SHORT])


def _block(template: Template, name: str, context: Any) -> str:
    """Return a rendered block; empty if the template has none of this name."""
    if name not in template.blocks:
        return ""
    text = ""
    for part in template.blocks[name](context):
        text += part
        if len(text) > LONGEST:
            raise SecurityError(f"the text is longer than {LONGEST:,} characters")
    return _tidy(text)


def _tidy(text: str) -> str:
    """Return a text without blanks at the ends of lines, and with one empty line between paragraphs."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines)


@cache
def _environment(locale: str, zone: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters = {**{name: environment.filters[name] for name in KEPT}, **filters_of(locale, zone)}
    environment.globals = {"plural": plural_of(locale)}
    return environment


KEPT = ("default", "first", "join", "last", "length", "list", "lower", "replace", "trim", "upper", "e", "escape", "sum")


@cache
def _compiled(source: str, path: str, locale: str, zone: str) -> Template:
    environment = _environment(locale, zone)
    code = environment.compile(source, name=path, filename=path)
    return Template.from_code(environment, code, environment.make_globals(None))


def compiled(found: Found, locale: str, zone: str) -> Template:
    """Return a template ready for use in a locale."""
    return _compiled(found.source, str(found.path), locale, zone)


def environment_of(locale: str, zone: str) -> ImmutableSandboxedEnvironment:
    """Return the environment in which templates of a locale run."""
    return _environment(locale, zone)


@cache
def _layout() -> str:
    return (PACKAGED / "layout.html").read_text(encoding="utf-8")


def _html(title: str, text: str, locale: str, link: str, own_pages: str) -> str:
    """Return a text as HTML: paragraphs and lists, and a paragraph that is the link alone as a button.

    Addresses below `own_pages` become links. Others stay text, because they may be of strangers.
    """
    body = "\n".join(_paragraph(part, link) for part in text.split("\n\n"))
    if own_pages:
        body = re.sub(rf"{re.escape(str(escape(own_pages)))}[^\s<]*", r'<a href="\g<0>">\g<0></a>', body)
    language = locale.replace("_", "-")
    layout: Callable[..., str] = _layout().format
    return layout(language=language, title=escape(title), body=body)


def _paragraph(part: str, link: str) -> str:
    lines = part.splitlines()
    if link and lines[-1].strip() == link:
        lead = "".join(f"<p>{escape(line)}</p>" for line in lines[:-1])
        return f'{lead}<p><a href="{escape(link)}">{escape(link)}</a></p>'
    if all(line.startswith("- ") for line in lines):
        return "<ul>" + "".join(f"<li>{escape(line[2:])}</li>" for line in lines) + "</ul>"
    return "<p>" + "<br>".join(str(escape(line)) for line in lines) + "</p>"


def _line_of(error: Exception, found: Found, template: Template | None) -> int:
    """Return the line of the template at which an error came up."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    line, trace = 1, error.__traceback__
    while trace is not None and template is not None:
        if trace.tb_frame.f_code.co_filename == str(found.path):
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


def _clause(error: Exception) -> str:
    """Return what is wrong, without values of the message."""
    if isinstance(error, (TemplateError, SecurityError)):
        return (error.message or type(error).__name__).rstrip(".")
    return f"it cannot be rendered ({type(error).__name__})"
