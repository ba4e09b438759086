"""Detection of credentials for a store, used only to explain a refusal and never to sign a request.

The places are those in which the client looks, without asking any server. The permissions of a machine's role cannot
be known here, so the message about missing credentials mentions that case.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["NONE_FOUND", "has_credentials"]

NONE_FOUND = (
    "no credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile that has "
    "them; if this machine signs in with a role of its own, the role lacks the permission."
)
# A token from a file or from the container; each means that this process has a role.
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
    """Return whether the environment, or the profile that it names, has credentials or a source of them."""
    if environment.get("AWS_ACCESS_KEY_ID") and environment.get("AWS_SECRET_ACCESS_KEY"):
        return True
    if any(environment.get(name) for name in TOKENS):
        return True
    profile = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE") or "default"
    files = [Path(environment.get(name) or usual).expanduser() for name, usual in PROFILE_FILES.items()]
    return any(_has_profile(file, profile) for file in files)


def _has_profile(file: Path, profile: str) -> bool:
    """Return whether a file of profiles has credentials for this one; an unreadable file has none."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return False
    sections = [name for name in (profile, f"profile {profile}") if parser.has_section(name)]
    return any(PROFILE_KEYS & set(parser.options(name)) for name in sections)
