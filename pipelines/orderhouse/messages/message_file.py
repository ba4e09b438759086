"""Form of `messages.yaml`: channels, kinds, quiet hours and the addresses of the tracking page and of our pages."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from orderhouse.config_values import as_list
from orderhouse.messages.outbox import Channel
from orderhouse.messages.secrets import Secret

__all__ = [
    "CallDeclaration",
    "ChannelDeclaration",
    "KindDeclaration",
    "LegalEntity",
    "MessageFile",
    "QuietHours",
    "TemplateDeclaration",
]

CHANNELS = ("email", "sms", "webhook", "chat", "http")
Texts = Annotated[list[str], BeforeValidator(as_list)]


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class QuietHours(_Keys):
    """Hours of the recipient in which nothing is sent; `from` may be later than `to`."""

    begin: time = Field(default=time(21), alias="from")
    end: time = Field(default=time(8), alias="to")


class CallDeclaration(_Keys):
    """HTTP request by which one kind of action is sent to another system."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: str
    body: Any = None


class ChannelDeclaration(_Keys):
    """One channel. Which keys it needs depends on its type."""

    type: Channel | None = None
    server: str | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: Secret | None = None
    sender: str | None = None
    reply_to: str | None = None
    url: str | None = None
    secret: Secret | None = None
    method: Literal["POST", "PUT"] = "POST"
    headers: dict[str, str | Secret] = Field(default_factory=dict)
    body: Any = None
    calls: dict[str, CallDeclaration] = Field(default_factory=dict)
    to: Texts = Field(default_factory=list)
    attempts: Annotated[int, Field(ge=1, le=100)] = 8
    pause_after: Annotated[int, Field(ge=1, le=1000)] = 20


class KindDeclaration(_Keys):
    """Changes to one kind of message."""

    channels: Texts | None = None
    max_age_hours: Annotated[float, Field(gt=0, le=24 * 90)] | None = None
    after_days: Annotated[float, Field(ge=0, le=365)] | None = None
    quiet_hours: bool | None = None
    needs_consent: bool | None = None
    is_off: bool = Field(default=False, alias="off")


class TemplateDeclaration(_Keys):
    """A text of the merchant's own that rules send."""

    transactional: bool = False


class LegalEntity(_Keys):
    """A company of the merchant, under the name that orders give in `legal_entity`."""

    name: str | None = None
    address: str | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    tax_id: str | None = None
    shop_name: str | None = None


class MessageFile(_Keys):
    """The whole file."""

    portal_url: str | None = None
    pages_url: str | None = None
    shop_name: str | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}([-_][A-Z]{2})?$")] = "en"
    quiet_hours: QuietHours = Field(default_factory=QuietHours)
    channels: dict[str, ChannelDeclaration] = Field(default_factory=dict)
    kinds: dict[str, KindDeclaration] = Field(default_factory=dict)
    templates: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")], TemplateDeclaration] = Field(
        default_factory=dict
    )
    legal_entities: dict[str, LegalEntity] = Field(default_factory=dict)

    @field_validator("portal_url", "pages_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("it must begin with https://, or with http://127.0.0.1 on this machine")
        return value.rstrip("/") if value else value
