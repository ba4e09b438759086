"""Tests of links to unsubscribe: GET asks, POST does it, for one purpose and durably."""

from __future__ import annotations

import pytest
from orderhouse.messages.suppressions import suppressions_of
from orderhouse.messages.unsubscribing import PATH, mark_of
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys

from tests.portal.conftest import portal

RECIPIENT = "0123456789abcdef" * 2
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def link(settings: Settings, purpose: str = "newsletter") -> str:
    return f"{PATH}/{mark_of(load_keys(settings), RECIPIENT, purpose)}"


def test_a_mail_program_that_follows_the_link_changes_nothing(own: Settings) -> None:
    with portal(own) as client:
        for _ in range(2):
            page = client.get(link(own))
            assert page.status_code == 200 and 'method="post"' in page.text
            assert client.head(link(own)).status_code == 200
    assert not own.suppressions.exists()


def test_one_post_is_enough_and_ends_one_purpose(own: Settings) -> None:
    with portal(own) as client:
        assert client.post(link(own), data=ONE_CLICK).status_code == 200
        assert client.post(link(own), data=ONE_CLICK).status_code == 200
        shown = client.get(link(own))
        assert "no more messages of this kind" in shown.text and "<form" not in shown.text
        assert "<form" in client.get(link(own, "surveys")).text
    found = suppressions_of(own)
    assert found.by_purpose == {"newsletter": {RECIPIENT}}
    assert len(list(own.suppressions.glob("*.ndjson"))) == 1


@pytest.mark.parametrize("body", [{"files": {"List-Unsubscribe": (None, "One-Click")}}, {"content": b""}])
def test_bodies_of_any_form_are_taken(own: Settings, body: dict[str, object]) -> None:
    with portal(own) as client:
        assert client.post(link(own), **body).status_code == 200  # type: ignore[arg-type]
    assert suppressions_of(own).holds(RECIPIENT, "newsletter")


def test_a_link_that_is_not_ours_does_nothing(own: Settings) -> None:
    good = link(own)
    with portal(own) as client:
        for wrong in (good[:-1], good.replace("newsletter", "surveys"), f"{PATH}/x", good.replace("0123", "9123")):
            assert client.get(wrong).status_code == 404
            assert client.post(wrong, data=ONE_CLICK).status_code == 404
    assert not own.suppressions.exists()


def test_another_site_cannot_make_a_browser_do_it(own: Settings) -> None:
    with portal(own) as client:
        answer = client.post(link(own), data=ONE_CLICK, headers={"Origin": "https://evil.example.com"})
    assert answer.status_code == 403 and not own.suppressions.exists()


def test_what_cannot_be_stored_is_said(own: Settings) -> None:
    own.suppressions.write_text("in the way", encoding="utf-8")
    with portal(own) as client:
        answer = client.post(link(own), data=ONE_CLICK)
    assert answer.status_code == 503 and answer.headers["retry-after"] == "30"


def test_the_link_does_not_depend_on_what_is_published(own: Settings) -> None:
    (own.published / "current").unlink()
    with portal(own) as client:
        assert client.post(link(own), data=ONE_CLICK).status_code == 200


@pytest.mark.parametrize(("language", "word"), [("de", "Nachrichten"), ("pt", "Mensagens"), ("hi", "संदेश")])
def test_it_asks_in_the_language_of_the_person(own: Settings, language: str, word: str) -> None:
    with portal(own) as client:
        assert f"<h1>{word}</h1>" in client.get(link(own), headers={"Accept-Language": language}).text
