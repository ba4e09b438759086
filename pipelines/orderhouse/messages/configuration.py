"""Configuration of messages: `<home>/messages.yaml` as read, with the endpoints that it and the settings name.

A home without the file sends nothing to customers. The endpoints of alerts come from the settings.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from orderhouse.config_values import TYPE_MESSAGES, nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.messages.calling import Call, CallsEndpoint
from orderhouse.messages.kinds import KINDS, RULE_TEMPLATES
from orderhouse.messages.mail import MailEndpoint
from orderhouse.messages.message_file import (
    CHANNELS,
    CallDeclaration,
    ChannelDeclaration,
    KindDeclaration,
    LegalEntity,
    MessageFile,
    QuietHours,
    TemplateDeclaration,
)
from orderhouse.messages.posting import TemplateEndpoint, WebhookEndpoint
from orderhouse.messages.secrets import Secret
from orderhouse.messages.sending import Endpoint
from orderhouse.settings import Settings
from orderhouse.sources.config.write_back import KINDS_SENT_BACK
from orderhouse.sources.readers.yaml_lines import Keys, line_of, read_yaml

__all__ = [
    "ALERT_EMAILS",
    "ALERT_ENDPOINTS",
    "ALERT_WEBHOOK",
    "Configuration",
    "Route",
    "alert_routes",
    "load_configuration",
]

FILE = "messages.yaml"
ALERT_WEBHOOK = "alert_webhook"
ALERT_EMAILS = "alert_emails"
ALERT_ENDPOINTS = frozenset({ALERT_WEBHOOK, ALERT_EMAILS})
# Alerts are tried at every review, for as long as the condition holds.
NEVER = 1 << 30


@dataclass(frozen=True)
class Route:
    """An endpoint and how failures of it are dealt with.

    Attributes:
        endpoint: The endpoint.
        attempts: Attempts after which a message fails for good.
        pause_after: Failures in a row after which the endpoint is paused.
        is_patient: False if another attempt is due at the next review already.
    """

    endpoint: Endpoint
    attempts: int = 8
    pause_after: int = 20
    is_patient: bool = True


@dataclass(frozen=True)
class Configuration:
    """Configuration in force.

    Attributes:
        path: The file; it may not exist.
        routes: Endpoints for customers and for rules, by name.
        kinds: What is changed about kinds of messages.
        quiet_hours: Hours in which customers get nothing.
        portal_url: Address of the portal, or None.
        pages_url: Address under which operators reach the dashboards, or None.
        shop_name: Name of the shop in texts, or None.
        language: Language of customers whose language is not known.
        legal_entities: Companies of the merchant, by the name that orders give.
        templates: Texts that rules send, with True for those that need consent to marketing.
    """

    path: Path
    routes: Mapping[str, Route] = field(default_factory=dict)
    kinds: Mapping[str, KindDeclaration] = field(default_factory=dict)
    quiet_hours: QuietHours = field(default_factory=QuietHours)
    portal_url: str | None = None
    shop_name: str | None = None
    language: str = "en"
    legal_entities: Mapping[str, LegalEntity] = field(default_factory=dict)
    templates: Mapping[str, bool] = field(default_factory=lambda: dict(RULE_TEMPLATES))
    pages_url: str | None = None


def load_configuration(settings: Settings) -> Configuration:
    """Read the file.

    Raises:
        OrderhouseError: It has a mistake; the message has file and line. Or a secret that it names is missing.
    """
    path = settings.home / FILE
    if not path.exists():
        return Configuration(path)
    document, lines = read_yaml(path, "messages file", "channels:", FILE)
    for keys in lines:  # `email:` alone is a channel whose values all come from the settings
        if len(keys) == 2 and keys[0] in ("channels", "kinds", "templates"):
            document.setdefault(str(keys[0]), {}).setdefault(keys[1], {})
    try:
        parsed = MessageFile.model_validate(document)
    except ValidationError as error:
        raise OrderhouseError(_explain(error, path, lines)) from None
    _check_kinds(parsed, path, lines)
    routes = {}
    for name, declared in parsed.channels.items():
        where = f"{path}:{line_of(('channels', name), lines)}: {name}"
        try:
            if name in ALERT_ENDPOINTS:
                raise OrderhouseError("this name belongs to the alerts. Choose another one.")
            endpoint = _endpoint(settings, path, name, declared)
            endpoint.check()
        except OrderhouseError as error:
            raise OrderhouseError(f"{where}: {error.message}") from None
        routes[name] = Route(endpoint, declared.attempts, declared.pause_after)
    own = {name: not declared.transactional for name, declared in parsed.templates.items()}
    return Configuration(
        path, routes, parsed.kinds, parsed.quiet_hours, parsed.portal_url, parsed.shop_name, parsed.language,
        parsed.legal_entities,
        {**RULE_TEMPLATES, **own}, parsed.pages_url,
    )  # fmt: skip


def alert_routes(settings: Settings) -> dict[str, Route]:
    """Return the endpoints to which alerts go.

    Raises:
        OrderhouseError: One is configured in part, or would send in clear over a network.
    """
    found: list[Endpoint] = []
    if settings.alert_webhook is not None:
        secret = settings.alert_webhook_secret
        found.append(
            WebhookEndpoint(
                ALERT_WEBHOOK,
                settings.alert_webhook,
                secret.get_secret_value() if secret else None,
                setting=ALERT_WEBHOOK,
                said="The alert webhook",
            )
        )
    if settings.alert_emails:
        if settings.smtp_server is None or settings.smtp_sender is None:
            raise OrderhouseError("alert_emails needs the settings smtp_server and smtp_sender.")
        found.append(_settings_mail(settings, ALERT_EMAILS, settings.alert_emails))
    for endpoint in found:
        endpoint.check()
    return {each.name: Route(each, attempts=NEVER, pause_after=NEVER, is_patient=False) for each in found}


def _settings_mail(settings: Settings, name: str, to: tuple[str, ...] = ()) -> MailEndpoint:
    return MailEndpoint(
        name=name,
        server=settings.smtp_server or "",
        sender=settings.smtp_sender or "",
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        to=to,
    )


def _endpoint(settings: Settings, path: Path, name: str, declared: ChannelDeclaration) -> Endpoint:
    """Return the endpoint of a declaration."""
    kind = declared.type or (name if name in CHANNELS else None)
    if kind is None:
        raise OrderhouseError(f"write `type:` with one of {', '.join(CHANNELS)}.")
    if kind == "email":
        return _mail(settings, path, name, declared)
    if kind == "http":
        return _calls(path, name, declared)
    if declared.url is None:
        raise OrderhouseError("a channel of this type needs the key 'url'.")
    if kind == "webhook":
        secret = declared.secret.read(path.parent) if declared.secret else None
        return WebhookEndpoint(name, declared.url, secret, setting=f"{name}: url", said=f"The endpoint {name}")
    if not isinstance(declared.body, dict):
        raise OrderhouseError("a channel of this type needs the key 'body', such as {to: '{to}', text: '{text}'}.")
    headers = _headers(path, declared)
    return TemplateEndpoint(name, kind, declared.url, declared.method, headers, declared.body, tuple(declared.to))


def _headers(path: Path, declared: ChannelDeclaration) -> dict[str, str]:
    return {
        key: value.read(path.parent) if isinstance(value, Secret) else value for key, value in declared.headers.items()
    }


def _calls(path: Path, name: str, declared: ChannelDeclaration) -> CallsEndpoint:
    """Return an endpoint for actions."""
    if not declared.calls:
        raise OrderhouseError("a channel of this type needs the key 'calls', such as {hold: {url: 'https://…'}}.")
    for kind in declared.calls:
        if kind not in KINDS_SENT_BACK:
            raise OrderhouseError(nearest_sentence("action that goes to another system", kind, KINDS_SENT_BACK))
    calls = {kind: Call(each.url, each.method, each.body) for kind, each in declared.calls.items()}
    return CallsEndpoint(name, calls, _headers(path, declared))


def _mail(settings: Settings, path: Path, name: str, declared: ChannelDeclaration) -> MailEndpoint:
    """Return a mail endpoint: the file's own server, else that of the settings."""
    sender = declared.sender or settings.smtp_sender
    if sender is None:
        raise OrderhouseError("it needs the key 'sender', or the setting smtp_sender.")
    if declared.server is not None:
        password = declared.password.read(path.parent) if declared.password else None
        return MailEndpoint(
            name, declared.server, sender, declared.security, declared.user, password, declared.reply_to,
            tuple(declared.to),
        )  # fmt: skip
    if settings.smtp_server is None:
        raise OrderhouseError("it needs the key 'server', or the setting smtp_server.")
    found = _settings_mail(settings, name, tuple(declared.to))
    return MailEndpoint(**{**vars(found), "sender": sender, "reply_to": declared.reply_to})


def _check_kinds(parsed: MessageFile, path: Path, lines: dict[Keys, int]) -> None:
    for name in parsed.templates:
        if name in KINDS:
            where = line_of(("templates", name), lines)
            raise OrderhouseError(f"{path}:{where}: templates: {name} is a kind of message; choose another name.")
    for name, kind in parsed.kinds.items():
        if name not in KINDS:
            where = line_of(("kinds", name), lines)
            raise OrderhouseError(f"{path}:{where}: kinds: {nearest_sentence('kind of message', name, KINDS)}")
        for channel in kind.channels or ():
            if channel not in parsed.channels and channel not in CHANNELS:
                where = line_of(("kinds", name, "channels"), lines)
                known = [*parsed.channels, *CHANNELS]
                raise OrderhouseError(f"{path}:{where}: {name}: {nearest_sentence('channel', channel, known)}")
            declared = parsed.channels.get(channel)
            if channel == "http" or (declared is not None and declared.type == "http"):
                where = line_of(("kinds", name, "channels"), lines)
                raise OrderhouseError(f"{path}:{where}: {name}: {channel} is for actions, and takes no messages.")


def _explain(error: ValidationError, path: Path, lines: dict[Keys, int]) -> str:
    problems = error.errors()
    problem = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
    keys = tuple(key for key in problem["loc"] if key not in {"str", "Secret"})
    where = f"{path}:{line_of(keys, lines)}"
    owner, name = ".".join(str(key) for key in keys[:-1]) or "the file", str(keys[-1]) if keys else ""
    if problem["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(name, _known(keys), n=1, cutoff=0.0)[0]
        return f"{where}: {owner} has no key {name!r}; did you mean {nearest!r}?"
    message = TYPE_MESSAGES.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    return f"{where}: {'.'.join(str(key) for key in keys)}: {message}."


def _known(keys: Keys) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "channels": ChannelDeclaration, "kinds": KindDeclaration, "quiet_hours": QuietHours,
        "templates": TemplateDeclaration,
        "legal_entities": LegalEntity,
    }  # fmt: skip
    model: Any = models.get(str(keys[0]), MessageFile) if len(keys) > 1 else MessageFile
    if len(keys) > 3:
        model = CallDeclaration if keys[2] == "calls" else Secret
    return [each.alias or name for name, each in model.model_fields.items()]
