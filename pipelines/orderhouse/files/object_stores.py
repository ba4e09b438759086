"""Object stores: an address such as `s3://bucket/folder` as a file system, and the refusals of a store as messages.

Credentials, region and endpoint come from the environment that every S3 tool reads (`AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL`, a profile, or the machine's role). The
client reads them itself, so that no key passes through this module. The choice of objects belongs in `store_files`.
"""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from orderhouse.errors import OrderhouseError
from orderhouse.files.credentials import NONE_FOUND, has_credentials

__all__ = ["StoreRefused", "is_address", "open_store", "explain_refusals", "address_without_keys"]

# Errors of a store carry no number; errors of this machine, such as a full disk, carry one of these.
LOCAL_ERROR_NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE, errno.EFBIG})

REASONS: dict[str, str] = {
    "NO_SUCH_BUCKET": "there is no such bucket. Check the name, and AWS_ENDPOINT_URL where the store is not Amazon's.",
    "RESOURCE_NOT_FOUND": "there is no such bucket or object. Check the name, and AWS_ENDPOINT_URL.",
    "ACCESS_DENIED": "access is denied. The credentials in the environment lack the permission.",
    "INVALID_ACCESS_KEY_ID": "the store does not know this access key. Check AWS_ACCESS_KEY_ID.",
    "UNRECOGNIZED_CLIENT": "the store does not know this access key. Check AWS_ACCESS_KEY_ID.",
    "MISSING_AUTHENTICATION_TOKEN": NONE_FOUND,
    "SIGNATURE_DOES_NOT_MATCH": "the secret key does not fit the access key. Check AWS_SECRET_ACCESS_KEY.",
    "ExpiredToken": "the credentials have expired. Get new ones, AWS_SESSION_TOKEN among them.",
    "EXPIRED_TOKEN": "the credentials have expired. Get new ones, AWS_SESSION_TOKEN among them.",
    "RequestTimeTooSkewed": "this machine's clock is wrong. Set it, then try again.",
    "REQUEST_TIME_TOO_SKEWED": "this machine's clock is wrong. Set it, then try again.",
    "PermanentRedirect": "the bucket is in another region. Set AWS_REGION.",
    "NETWORK_CONNECTION": "the store does not answer. Check the network and AWS_ENDPOINT_URL, then try again.",
    "REQUEST_TIMEOUT": "the store does not answer in time. Try again later.",
    "SLOW_DOWN": "the store limits the rate of requests. Try again later.",
    "SERVICE_UNAVAILABLE": "the store is not available. Try again later.",
    "INTERNAL_FAILURE": "the store failed. Try again later.",
    "HTTP status 400": "the store refuses the request; expired credentials are the usual reason.",
    "HTTP status 301": "the bucket is in another region. Set AWS_REGION.",
    "HTTP status 503": "the store is not available. Try again later.",
    "HTTP status 500": "the store failed. Try again later.",
}


class StoreRefused(OrderhouseError):
    """A store does not answer or refuses a request; the message gives the address and the reason.

    Attributes:
        reason: The reason without the address, for messages that name the file already.
    """

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address_without_keys(address)}: {reason}")
        self.reason = reason


def is_address(place: str) -> bool:
    """Return whether a place is an address of a store and not a path."""
    return "://" in place


@contextlib.contextmanager
def open_store(address: str) -> Iterator[tuple[Any, str]]:
    """Yield the file system of a store and the path in it; turn errors of the store into `StoreRefused`.

    Args:
        address: Such as `s3://bucket/folder`; with `?endpoint_override=…&scheme=http` for an endpoint of its own.

    Raises:
        StoreRefused: There is no such store, or it refuses.
    """
    from pyarrow import fs

    with explain_refusals(address):
        refuse_credentials(address)
        store, base = fs.FileSystem.from_uri(address)
        yield store, base.rstrip("/")


@contextlib.contextmanager
def explain_refusals(address: str) -> Iterator[None]:
    """Turn errors of the client into `StoreRefused`; `FileNotFoundError` and errors of this machine pass through."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno in LOCAL_ERROR_NUMBERS:
            raise
        raise StoreRefused(address, reason_of(error)) from None


def refuse_credentials(address: str) -> None:
    """Refuse an address with keys in it, because they would end up in logs and shell histories.

    Raises:
        StoreRefused: The address contains credentials, or is none.
    """
    try:
        place = urlsplit(address).netloc
    except ValueError:  # brackets around something else than an IPv6 address
        raise StoreRefused(address, "this is no address. Write one such as s3://bucket/folder/*.csv.") from None
    if "@" in place:
        raise StoreRefused(
            address,
            "credentials do not belong in an address. Put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )


def address_without_keys(address: str) -> str:
    """Return the address without options and without keys that someone wrote into it."""
    return re.sub(r"://[^/@]*@", "://", address.partition("?")[0])


def reason_of(error: Exception) -> str:
    """Return the reason in our words where there are some, else the message of the store."""
    text = " ".join(str(error).split())
    code = next((code for code in REASONS if re.search(rf"\b{re.escape(code)}\b", text)), None)
    if code == "ACCESS_DENIED" and not has_credentials():
        return f"access is denied, and {NONE_FOUND}"
    return REASONS[code] if code else re.sub(r"\(Request ID: [^)]*\)", "", text).strip()
