"""Secrets of the sign-in, and the cookie in which the dashboards keep the claims of a person who has signed in.

Streamlit signs the cookie with `cookie_secret`. Other servers of the same host read it here.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings

__all__ = ["SignIn", "claims_of", "load_sign_in"]

COOKIE = "_streamlit_user"
CHUNKS = re.compile(r"chunks-(\d{1,2})")
LEAST_SECRET = 32
MAX_AGE_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class SignIn:
    """Configuration of the sign-in.

    Attributes:
        path: The secrets file, in the form of Streamlit.
        cookie_secret: Secret that signs the cookie.
        origin: Scheme, host and port of the dashboards, from `redirect_uri`.
    """

    path: Path
    cookie_secret: str
    origin: str

    def __repr__(self) -> str:
        return f"SignIn({self.path})"


def load_sign_in(settings: Settings) -> SignIn:
    """Read the secrets of the sign-in.

    Raises:
        OrderhouseError: No file is named, others may read it, or a secret is missing or weak.
    """
    path = settings.oidc_secrets
    if path is None:
        raise OrderhouseError(
            "The mode is oidc, but no secrets of the sign-in are named. Set `oidc_secrets` to their file."
        )
    try:
        if path.stat().st_mode & 0o077:
            raise OrderhouseError(f"Other users may read {path}. Run `chmod 600 {path}`.")
        section = tomllib.loads(path.read_text(encoding="utf-8")).get("auth")
    except OSError as error:
        raise OrderhouseError(f"The secrets {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise OrderhouseError(f"{path} is not valid TOML. Correct the file.") from None
    values = section if isinstance(section, dict) else {}
    for key in ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url"):
        if not isinstance(values.get(key), str) or not values[key]:
            raise OrderhouseError(f"{path}: the section [auth] needs the key {key!r}.")
    if len(values["cookie_secret"]) < LEAST_SECRET:
        raise OrderhouseError(f"{path}: cookie_secret needs {LEAST_SECRET} characters at least, chosen at random.")
    address = urlsplit(values["redirect_uri"])
    if not address.netloc or address.path.rpartition("/")[2] != "oauth2callback":
        raise OrderhouseError(f"{path}: redirect_uri must be the address of the dashboards with /oauth2callback.")
    return SignIn(path, values["cookie_secret"], f"{address.scheme}://{address.netloc}")


def claims_of(sign_in: SignIn, cookies: str) -> Mapping[str, Any] | None:
    """Return the claims in the `Cookie` header of a request, or None if no valid cookie of the sign-in is in it."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookies)
    except CookieError:
        return None
    text = _unsigned(sign_in, jar, COOKIE)
    split = CHUNKS.fullmatch(text) if text else None
    if split:
        parts = [_unsigned(sign_in, jar, f"{COOKIE}_{number + 1}") for number in range(int(split[1]))]
        text = "".join(part or "" for part in parts) if all(parts) else None
    try:
        claims = json.loads(text) if text else None
    except ValueError:
        return None
    return claims if isinstance(claims, dict) and claims.get("origin") == sign_in.origin else None


def _unsigned(sign_in: SignIn, jar: SimpleCookie, name: str) -> str | None:
    if name not in jar:
        return None
    try:
        value = URLSafeTimedSerializer(sign_in.cookie_secret, salt=name).loads(jar[name].value, max_age=MAX_AGE_SECONDS)
    except BadData:
        return None
    return value if isinstance(value, str) else None
