"""Second proof of a customer: the postcode or the e-mail address of the order, compared by its token.

Also the tokens of forms, which show that a form was shown by this server a short time ago.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable

from orderhouse.portal.index import Entry
from orderhouse.vault.keys import VaultKeys
from orderhouse.vault.single_tokens import token_of

__all__ = ["FORM_SECONDS", "Proofs"]

FORM_SECONDS = 12 * 3600
PURPOSE = b"orderhouse portal forms"
# A token that no value has; compared where an order has none.
NONE = "-" * 32


class Proofs:
    """Comparison of proofs under the keys of the vault.

    Args:
        keys: Keys of the vault.
        clock: Returns seconds.
    """

    def __init__(self, keys: VaultKeys, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._clock = clock
        self._form_key = hmac.new(keys.token_key, PURPOSE, hashlib.sha256).digest()

    def holds(self, entry: Entry, text: str) -> bool:
        """Tell if a text is the e-mail address or the postcode of an order. Every answer takes the same work."""
        email = token_of(self._keys, "email", text.strip())
        postcode = token_of(self._keys, "postcode", re.sub(r"[^0-9A-Za-z]", "", text).lower())
        is_email = hmac.compare_digest(email, entry.email_token or NONE)
        is_postcode = hmac.compare_digest(postcode, entry.postcode_token or NONE)
        return is_email | is_postcode

    def form_token(self, tracking_id: str, kind: str, seen: str) -> str:
        """Return the token of a form that is shown now.

        Args:
            tracking_id: The tracking id.
            kind: The kind of request.
            seen: Mark of what had been asked for.
        """
        at = int(self._clock())
        return f"{at}.{seen}.{self._sign(tracking_id, kind, seen, at)}"

    def seen_in(self, token: str, tracking_id: str, kind: str) -> str | None:
        """Return the mark in a token of a form; None if it is not ours, or too old."""
        at, _, rest = token.partition(".")
        seen, _, signature = rest.partition(".")
        if not (at.isascii() and at.isdigit() and len(at) < 12 and signature.isascii()):
            return None
        is_ours = hmac.compare_digest(signature, self._sign(tracking_id, kind, seen, int(at)))
        is_fresh = 0 <= self._clock() - int(at) <= FORM_SECONDS
        return seen if is_ours and is_fresh else None

    def _sign(self, tracking_id: str, kind: str, seen: str, at: int) -> str:
        message = "\n".join((tracking_id, kind, seen, str(at)))
        return hmac.new(self._form_key, message.encode(errors="replace"), hashlib.sha256).hexdigest()
