"""Whether anything says who we are to a store: looked up only to explain a refusal, never to sign with.

The places are those that the client looks in itself, without asking any server. What a machine's role may do cannot be
known from here, so what is said of missing credentials leaves room for one.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["NONE_FOUND", "has_credentials"]

NONE_FOUND = (
    "no credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile that has "
    "them; if this machine signs in with a role of its own, the role may not do this here."
)
# A token that is fetched from a file or from the container; either stands for a role that somebody gave us.
TOKENS = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
PROFILE_FILES = {
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
    "AWS_CONFIG_FILE": "~/.aws/config",
}
PROFILE_KEYS = frozenset(
    {"aws_access_key_id", "role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file"}
)


def has_credentials(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment, or the profile it names, holds credentials or says where they come from."""
    if environment.get("AWS_ACCESS_KEY_ID") and environment.get("AWS_SECRET_ACCESS_KEY"):
        return True
    if any(environment.get(name) for name in TOKENS):
        return True
    profile = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE") or "default"
    files = [Path(environment.get(name) or usual).expanduser() for name, usual in PROFILE_FILES.items()]
    return any(_has_profile(file, profile) for file in files)


def _has_profile(file: Path, profile: str) -> bool:
    """Whether a file of profiles has credentials for this one; a file that nobody can read has none."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return False
    sections = [name for name in (profile, f"profile {profile}") if parser.has_section(name)]
    return any(PROFILE_KEYS & set(parser.options(name)) for name in sections)
