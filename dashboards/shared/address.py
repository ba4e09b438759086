"""Filters in the address of the page: every choice is in the URL, and the URL decides what is chosen.

So Back, reload and a shared link show the same rows. The stored words are in the URL (`?stage=on_hold`), not their
labels, which depend on the language. A value that the page does not know is answered by a sentence, and chooses
nothing. Streamlit's own `bind="query-params"` writes labels, and drops unknown values without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import streamlit as st

from shared.formats import label

__all__ = [
    "choice",
    "choices",
    "day_range",
    "days",
    "filters",
    "flag",
    "known",
    "number",
    "one",
    "segment",
    "text",
    "write",
]

Label = Callable[[Any], str]
# Key of the sentences about unknown values while the filters are drawn.
UNKNOWN = "address.unknown"


@contextmanager
def filters(keys: Sequence[str], title: str = "Filters", icon: str = "filter_list") -> Iterator[None]:
    """Hold filters behind one button, which says how many of them are set: a phone shows the list, not its filters."""
    number = sum(1 for key in keys if st.query_params.get(key))
    kept: list[str] = []
    st.session_state[UNKNOWN] = kept
    with st.popover(f"{title} · {number} set" if number else title, icon=f":material/{icon}:"):
        yield
    del st.session_state[UNKNOWN]
    # Outside of the button, whose content is hidden until it is clicked.
    for sentence in kept:
        _warn(sentence)


def text(
    key: str,
    heading: str,
    *,
    placeholder: str = "",
    width: Any = "stretch",
    hides_heading: bool = False,
    rewrite: Callable[[str], str] | None = None,
) -> str:
    """Show a search box, and return its text without blanks around it.

    `rewrite` changes the text before it gets into the URL or is shown again.
    """
    asked = st.query_params.get(key, "")
    rewritten = rewrite(asked) if rewrite and asked else asked  # once: a search for a person is recorded
    if rewritten != asked:
        asked = rewritten
        st.query_params[key] = asked
    st.session_state[key] = asked
    found: str = st.text_input(
        heading,
        key=key,
        icon=":material/search:",
        placeholder=placeholder,
        label_visibility="collapsed" if hides_heading else "visible",
        width=width,
        on_change=lambda: write(key, (rewrite or str)(st.session_state[key].strip())),
    )
    return found.strip()


def choice(
    key: str, heading: str, words: Sequence[str], *, written: Label = label, nothing: str = "All", width: Any = 190
) -> str | None:
    """Show a choice of one word or none, and return the word."""
    asked = _stored(st.query_params.get(key) or "", words, written)
    st.session_state[key] = asked if asked in words else None
    found: str | None = st.selectbox(
        heading, words, index=None, format_func=written, key=key, placeholder=nothing, width=width, **_following(key)
    )
    _say_unknown(heading, [asked] if asked else [], words)
    return found


def one(key: str, heading: str, words: Sequence[str], default: str, *, written: Label = label, width: Any = 190) -> str:
    """Show a choice of exactly one of many words, and return it."""
    asked = _stored(st.query_params.get(key) or "", words, written)
    st.session_state[key] = asked if asked in words else default
    found: str = st.selectbox(
        heading, words, format_func=written, key=key, width=width, on_change=_follow, args=(key, default)
    )
    _say_unknown(heading, [asked] if asked else [], words)
    return found


def choices(
    key: str, heading: str, words: Sequence[str], *, written: Label = label, nothing: str = "All", width: Any = 190
) -> list[str]:
    """Show a choice of several words, and return those that are chosen."""
    asked = [_stored(word, words, written) for word in st.query_params.get_all(key) if word]
    st.session_state[key] = known(asked, words, written=written)
    found: list[str] = st.multiselect(
        heading, words, format_func=written, key=key, placeholder=nothing, width=width, **_following(key)
    )
    _say_unknown(heading, asked, words)
    return found


def segment(
    key: str,
    heading: str,
    words: Sequence[Any],
    default: Any,
    *,
    written: Label = label,
    hides_heading: bool = False,
) -> Any:
    """Show a choice of exactly one of a few words or numbers, and return it."""
    known = {str(word): word for word in words}
    asked = _stored(st.query_params.get(key) or "", list(known), lambda word: written(known[word]))
    st.session_state[key] = known.get(asked, default)
    found = st.segmented_control(
        heading,
        words,
        required=True,
        format_func=written,
        key=key,
        label_visibility="collapsed" if hides_heading else "visible",
        on_change=_follow,
        args=(key, default),
    )
    _say_unknown(heading, [asked] if asked else [], list(known))
    return default if found is None else found


def flag(key: str, heading: str, tip: str | None = None) -> bool:
    """Show a switch, and return True if it is on."""
    st.session_state[key] = st.query_params.get(key, "").lower() in ("true", "1", "yes")
    return bool(st.toggle(heading, key=key, help=tip, **_following(key)))


def days(key: str, heading: str, *, width: Any = 230) -> tuple[date, date] | None:
    """Show a choice of a range of days, written `2026-01-01..2026-01-31` in the URL, and return both ends."""
    asked = st.query_params.get(key, "")
    chosen = day_range(asked)
    half = st.session_state.get(f"{key}.half")
    st.session_state[key] = list(chosen or half or [])
    found = st.date_input(heading, key=key, format="YYYY-MM-DD", width=width, on_change=_follow_days, args=(key,))
    if asked and chosen is None:
        _say(f"“{asked}” is no range of days for {heading}. Write one such as 2026-01-01..2026-01-31.")
    # A range that the URL has chosen is a list, as it was put in; one that was just picked is a tuple.
    return (found[0], found[1]) if isinstance(found, (list, tuple)) and len(found) == 2 else None


def number(key: str, default: int, most: int, noun: str) -> int:
    """Return a whole number of the URL from 1 to `most`. A number beyond is answered by a sentence."""
    asked = st.query_params.get(key)
    if not asked:
        return default
    found = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    if 1 <= found <= most:
        return found
    st.warning(f"There is no {noun} “{asked}”: the last is {most}, which is shown.")
    return most


def write(key: str, value: object, default: object = None) -> None:
    """Put a value into the URL, or take it out if it is empty or the default. Lists return to their first page."""
    for name in [each for each in st.query_params if each == "page" or each.endswith("_page")]:
        if name != key:
            del st.query_params[name]
    if value in (None, "", [], False) or value == default:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = [str(each) for each in value] if isinstance(value, list) else str(value)


def known(asked: Sequence[str], words: Sequence[str], *, written: Label = label) -> list[str]:
    """Return the stored words for those of an address, in its order, without unknown ones."""
    return [word for word in dict.fromkeys(_stored(each, words, written) for each in asked) if word in words]


def _stored(asked: str, words: Sequence[str], written: Label) -> str:
    """Return the stored word for a word in any case, or for its label."""
    return next((word for word in words if asked.lower() in (str(word).lower(), written(word).lower())), asked)


def _following(key: str) -> dict[str, Any]:
    """Return the arguments of a widget whose changes go into the URL."""
    return {"on_change": _follow, "args": (key,)}


def _follow(key: str, default: object = None) -> None:
    write(key, st.session_state[key], default)


def _follow_days(key: str) -> None:
    """Write a complete range; with one day the reader is still choosing the other."""
    chosen = st.session_state[key]
    st.session_state[f"{key}.half"] = chosen if len(chosen) == 1 else None
    if len(chosen) != 1:
        write(key, "..".join(day.isoformat() for day in chosen))


def day_range(written: str) -> tuple[date, date] | None:
    """Return both ends of a range of days as the URL has it; None if it is none."""
    first, dots, last = written.partition("..")
    try:
        return (date.fromisoformat(first), date.fromisoformat(last)) if dots else None
    except ValueError:
        return None


def _say_unknown(heading: str, asked: Sequence[str], words: Sequence[object]) -> None:
    unknown = [word for word in asked if word not in words]
    if unknown:
        known = ", ".join(str(word) for word in words[:12]) + (" …" if len(words) > 12 else "")
        _say(
            f"{heading}: “{', '.join(unknown)}” is unknown here, and filters nothing. Known are {known or 'none yet'}."
        )


def _say(sentence: str) -> None:
    """Show a sentence about the URL, or keep it until the filters end."""
    kept: list[str] | None = st.session_state.get(UNKNOWN)
    if kept is None:
        _warn(sentence)
    else:
        kept.append(sentence)


def _warn(sentence: str) -> None:
    st.warning(sentence, icon=":material/link_off:")
