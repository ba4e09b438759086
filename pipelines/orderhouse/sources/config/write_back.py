"""Declaration that actions of operators go back to a source, which owns the orders they are about.

The channel itself is declared in `messages.yaml`. Which row of a feed confirms an action is defined in dbt.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from orderhouse.config_values import as_list, require_known

__all__ = ["KINDS_SENT_BACK", "WriteBack"]

# Actions on orders. Those on exceptions and months, and the requests of customers, concern no other system.
KINDS_SENT_BACK = (
    "confirm", "hold", "release", "cancel", "cancel_line", "change_address", "change_promise", "route",
    "approve_return", "decline_return", "approve", "decline", "note", "tag",
)  # fmt: skip


class WriteBack(BaseModel):
    """Channel to which the actions on the orders of a source go.

    Attributes:
        channel: Name of a channel of `messages.yaml`.
        since: Business day of the first actions that go; earlier ones never do.
        kinds: Kinds of action that go.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Annotated[str, Field(min_length=1)]
    since: date
    kinds: Annotated[list[str], BeforeValidator(as_list)] = list(KINDS_SENT_BACK)

    @field_validator("kinds")
    @classmethod
    def _kinds_exist(cls, value: list[str]) -> list[str]:
        return [require_known("action that goes to another system", kind, KINDS_SENT_BACK) for kind in value]
