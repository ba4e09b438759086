"""HTML pages of the portal: of an order, of a form, and of a message, in one language, without scripts.

What is said about an order is decided by `tracking`. Headers belong to `answers`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orderhouse.portal.asking import FURTHEST_DAYS, REASONS, May
from orderhouse.portal.languages import LANGUAGES, Language, language_of

__all__ = ["form_page", "message_page", "render_docs", "style_hash", "tracking_page", "unsubscribe_page"]

FOLDER = Path(__file__).with_name("templates")


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals["css"] = Markup(_css())  # noqa: S704 - a file of this package
    found.globals["languages"] = [(code, language_of(code).words["name"]) for code in LANGUAGES]
    return found


@cache
def _css() -> str:
    return (FOLDER / "page.css").read_text(encoding="utf-8").strip()


@cache
def style_hash() -> str:
    """Return the hash of the style sheet, as a content security policy names it."""
    return base64.b64encode(hashlib.sha256(_css().encode()).digest()).decode()


def tracking_page(order: Mapping[str, Any], language: Language) -> str:
    """Return the page of an order.

    Args:
        order: Its tracking, with `may_ask`.
        language: The language.
    """
    zone = order["time_zone"]
    return _render(
        "tracking.html",
        language,
        zone,
        title=language.say("title", order=order["order_id"]),
        heading=language.say("title", order=order["order_id"]),
        order=order,
        kinds=[kind for kind in ("cancel", "change", "return") if order["may_ask"][kind]],
        headline=_headline(order, language),
        stage="" if order["is_cancelled"] else language.word("stages", order["stage"]),
        notes=_notes(order, language, zone),
        expected=_expected(order, language, zone),
        scanned=any(parcel["scans"] for parcel in order["parcels"]),
    )


def form_page(
    order: Mapping[str, Any],
    language: Language,
    *,
    kind: str,
    may: May,
    token: str,
    form: Mapping[str, str],
    error: str | None,
    today: Any,
) -> str:
    """Return the page with the form of a request, filled in as it was sent, and with what was wrong."""
    return _render(
        "form.html",
        language,
        order["time_zone"],
        title=language.say(f"ask_{kind}"),
        heading=language.say("title", order=order["order_id"]),
        tracking_id=order["tracking_id"],
        kind=kind,
        is_possible=may.kind(kind),
        returns=[
            {"line": each.line, "name": each.name, "at_most": each.at_most, "until": each.until.isoformat()}
            for each in may.returns
        ],
        reasons=REASONS,
        token=token,
        form=form,
        error=error if error or may.kind(kind) else "error_no_longer",
        first_day=(today + timedelta(days=1)).isoformat(),
        last_day=(today + timedelta(days=FURTHEST_DAYS)).isoformat(),
    )


def message_page(language: Language, title: str, text: str, **values: Any) -> str:
    """Return a page with one message; both are names of sentences."""
    said = language.say(title)
    return _render("message.html", language, "UTC", title=said, heading="", text=language.say(text, **values))


def unsubscribe_page(language: Language, action: str) -> str:
    """Return the page that asks whether a person wants no more messages of a purpose.

    Args:
        language: The language.
        action: Address of the form.
    """
    said = language.say("unsubscribe_title")
    return _render("unsubscribe.html", language, "UTC", title=said, heading="", action=action)


def _render(template: str, language: Language, zone: str, **values: Any) -> str:
    return (
        _templates()
        .get_template(template)
        .render(
            language=language,
            say=language.say,
            word=language.word,
            number=language.number,
            money=language.money,
            day=lambda at: language.day(at, zone),
            moment=lambda at: language.moment(at, zone),
            short=lambda at: language.short(at, zone),
            **values,
        )
    )


def _headline(order: Mapping[str, Any], language: Language) -> str:
    if order["is_cancelled"]:
        return language.say("headline_cancelled")
    items = order["items"]
    is_there = items["delivered"] and items["delivered"] >= items["ordered"]
    word = "headline_delivered" if is_there else "headline"
    return language.say(word, shipped=items["shipped"], delivered=items["delivered"], count=items["ordered"])


def _notes(order: Mapping[str, Any], language: Language, zone: str) -> list[tuple[str, str]]:
    """Return what the customer must know before all else, as class and sentence."""
    notes = []
    if order["is_cancelled"] and order["timeline"][-1]["at"]:
        notes.append(("", language.say("cancelled_at", at=language.day(order["timeline"][-1]["at"], zone))))
    if order["is_on_hold"] and not order["is_cancelled"]:
        notes.append(("", language.say("held")))
    promise = order["promise"]
    if order["is_late"] and promise:
        first = _promised(promise["first_at"] or promise["at"], promise, language, zone)
        if promise["new_date_at"]:
            new = language.day(promise["new_date_at"], zone)
            notes.append(("bad", language.say("late_moved", first=first, at=new)))
        else:
            notes.append(("bad", language.say("late", at=_promised(promise["at"], promise, language, zone))))
    if order["has_delivery_problem"] and not order["is_cancelled"]:
        notes.append(("bad", language.say("problem")))
    return notes


def _expected(order: Mapping[str, Any], language: Language, zone: str) -> str:
    promise = order["promise"]
    items = order["items"]
    if not promise or order["is_cancelled"] or order["is_late"] or items["delivered"] >= items["ordered"]:
        return ""
    at = _promised(promise["at"], promise, language, zone)
    if not promise["has_moved"] or not promise["first_at"]:
        return language.say("promise_now", at=at)
    return language.say("promise_moved", at=at, first=_promised(promise["first_at"], promise, language, zone))


def _promised(instant: str, promise: Mapping[str, Any], language: Language, zone: str) -> str:
    return language.day(instant, zone) if promise["is_date_only"] else language.moment(instant, zone)


def render_docs(document: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """Return the page of the interface for programs."""
    return _templates().get_template("docs.html").render(api=document, fields_of=fields)
