"""Assignment of people to arms, by hashes alone, so that the same person gets the same arm whenever it is asked."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically

__all__ = ["arm_of", "is_in_control", "require_same_control"]

SPACE = 1 << 64
CONTROL_FILE = "control_group.json"


def _share_of(*parts: str) -> Decimal:
    """Return a number from 0 up to, not including, 1; JSON keeps the parts apart."""
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return Decimal(int.from_bytes(digest[:8], "big")) / SPACE


def arm_of(campaign_id: str, customer_key: str, hold_out: Decimal) -> str:
    """Return the arm of a member who is not in the control group: `held_out` or `treated`."""
    return "held_out" if _share_of(campaign_id, customer_key) < hold_out else "treated"


def is_in_control(salt: str, customer_key: str, share: float) -> bool:
    """Tell if a person is in the permanent control group. A greater share keeps everybody who was in it."""
    return _share_of("control", salt, customer_key) < Decimal(str(share))


def require_same_control(settings: Settings) -> None:
    """Note the salt of the control group at the first start, and refuse another one later.

    Raises:
        OrderhouseError: The salt is another one than at the first start.
    """
    path = settings.campaigns / CONTROL_FILE
    noted = hashlib.sha256(settings.campaign_control_salt.encode()).hexdigest()
    if not path.exists():
        write_atomically(path, json.dumps({"salt_sha256": noted}) + "\n")
        return
    try:
        known = json.loads(path.read_text(encoding="utf-8"))["salt_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        raise OrderhouseError(f"{path} cannot be read. Restore it from a backup.") from None
    if known != noted:
        raise OrderhouseError(
            "campaign_control_salt is not the one of the first campaign of this home, so other people would be in the "
            "control group. Set it back."
        )
