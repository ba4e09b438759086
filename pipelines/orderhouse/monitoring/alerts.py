"""Alerts: each condition is told once when it begins, and once more when it is over.

What was told is in ``operations/alerts.json`` under the home, which can be read also if the operations store cannot. A
notice that could not be delivered stays in the outbox and is tried again at the next review, under the same id, so that
a receiver recognises what it has seen. The delivery belongs in `notices`.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orderhouse.monitoring.conditions import Condition, find_conditions
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.event_log import log_event
from orderhouse.storage.file_locks import locked

if TYPE_CHECKING:
    from orderhouse.monitoring.notices import Notice

__all__ = ["Alert", "Review", "open_alerts", "review_alerts"]

NAMESPACE = uuid.UUID("6f1a4d0e-6a0f-4d0c-9c55-2f1c5a3b7e10")


@dataclass(frozen=True)
class Alert:
    """A condition that holds, or was over and not everybody has been told.

    Attributes:
        kind: Kind of the condition.
        subject: What it is about.
        severity: Severity.
        message: What is wrong, and what to do.
        since: Instant at which it was first seen, UTC, ISO-8601.
        cleared_at: Instant at which it was seen to be over; None while it holds.
        told: Channels that were told that it began.
        told_cleared: Channels that were told that it is over.
    """

    kind: str
    subject: str
    severity: str
    message: str
    since: str
    cleared_at: str | None = None
    told: tuple[str, ...] = ()
    told_cleared: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the identity of its condition."""
        return f"{self.kind}:{self.subject}"

    def notice(self) -> Notice:
        """Return what is told about its present state; the same state has the same id."""
        from orderhouse.monitoring.notices import Notice  # imports SQLAlchemy, which takes half a second

        state = "cleared" if self.cleared_at else "raised"
        name = f"{self.key}|{self.since}|{state}"
        return Notice(
            notice_id=str(uuid.uuid5(NAMESPACE, name)),
            state=state,
            at=self.cleared_at or self.since,
            kind=self.kind,
            subject=self.subject,
            severity=self.severity,
            message=self.message,
            since=self.since,
        )


@dataclass
class Review:
    """Result of a review.

    Attributes:
        raised: Alerts that began.
        cleared: Alerts that are over.
        open: All alerts that hold.
        failures: Sentence for each channel that could not be told, by its name.
    """

    raised: list[Alert] = field(default_factory=list)
    cleared: list[Alert] = field(default_factory=list)
    open: list[Alert] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


def open_alerts(settings: Settings) -> list[Alert]:
    """Return the alerts that held at the last review."""
    return [alert for alert in _load(settings) if alert.cleared_at is None]


def review_alerts(
    settings: Settings,
    *,
    now: datetime | None = None,
    find: Callable[[Settings, datetime], list[Condition]] = find_conditions,
) -> Review:
    """Compare the conditions with the alerts, tell the channels what is new or over, and store the result.

    Reviews of two processes do not overlap. A killed review is made good by the next one.

    Args:
        settings: Settings of the home.
        now: The present instant, in UTC.
        find: Finds the conditions.
    """
    from orderhouse.monitoring.notices import channels_of

    now = now or datetime.now(UTC)
    with _only_review(settings):
        before = {alert.key: alert for alert in _load(settings)}
        result = Review()
        alerts = _compared(before, find(settings, now), now, result)
        # Stored before anybody is told, so that a killed review repeats a notice under its id instead of a new one.
        _save(settings, alerts)
        told = _tell(settings, alerts, result, now)
        _save(settings, [alert for alert in told if not _is_settled(alert, channels_of(settings))])
    return result


def _compared(before: dict[str, Alert], conditions: Sequence[Condition], now: datetime, result: Review) -> list[Alert]:
    at = now.isoformat(timespec="seconds")
    alerts: list[Alert] = []
    holding = {condition.key: condition for condition in conditions}
    for key, condition in holding.items():
        known = before.get(key)
        if known is not None and known.cleared_at is None:
            alerts.append(replace(known, message=condition.message, severity=condition.severity))
            continue
        alert = Alert(condition.kind, condition.subject, condition.severity, condition.message, since=at)
        alerts.append(alert)
        result.raised.append(alert)
    result.open = list(alerts)
    for key, known in before.items():
        if key in holding and known.cleared_at is None:
            continue
        over = known if known.cleared_at else replace(known, cleared_at=at)
        if known.cleared_at is None:
            result.cleared.append(over)
        if key not in holding:
            alerts.append(over)
    return alerts


def _tell(settings: Settings, alerts: Sequence[Alert], result: Review, now: datetime) -> list[Alert]:
    """Tell every channel what it has not been told, and return the alerts with who was told."""
    from orderhouse.monitoring.notices import channels_of, tell

    for alert in (*result.raised, *result.cleared):
        log_event(
            settings,
            f"alert_{'cleared' if alert.cleared_at else 'raised'}",
            kind=alert.kind,
            subject=alert.subject,
            severity=alert.severity,
            message=alert.message,
        )
    told = list(alerts)
    wanted = {name: [alert.notice() for alert in alerts if _is_news(alert, name)] for name in channels_of(settings)}
    for name, answer in tell(settings, wanted, now).items():
        if answer.error is not None:
            result.failures[name] = answer.error
            log_event(settings, "notice_failed", channel=name, message=answer.error)
        told = [_told_by(alert, name) if alert.notice().notice_id in answer.delivered else alert for alert in told]
    return told


def _is_news(alert: Alert, name: str) -> bool:
    """Tell if a channel is to be told about an alert; nothing is over for one that was not told that it began."""
    return name not in _told(alert) and not (alert.cleared_at and name not in alert.told)


def _told_by(alert: Alert, name: str) -> Alert:
    fields = {"told_cleared" if alert.cleared_at else "told": (*_told(alert), name)}
    return replace(alert, **fields)  # type: ignore[arg-type]


def _told(alert: Alert) -> tuple[str, ...]:
    return alert.told_cleared if alert.cleared_at else alert.told


def _is_settled(alert: Alert, channels: dict[str, Callable[[Notice], None]]) -> bool:
    """Tell if an alert is over and everybody who heard of it has heard that."""
    return alert.cleared_at is not None and not {name for name in alert.told if name in channels} - set(
        alert.told_cleared
    )


@contextlib.contextmanager
def _only_review(settings: Settings) -> Iterator[None]:
    folder = _path(settings).parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(folder / "alerts.lock"):
        yield


def _load(settings: Settings) -> list[Alert]:
    try:
        stored = json.loads(_path(settings).read_text(encoding="utf-8"))
        return [
            Alert(**{**each, "told": tuple(each["told"]), "told_cleared": tuple(each["told_cleared"])})
            for each in stored
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        log_event(settings, "alerts_unreadable", error=type(error).__name__)
        return []


def _save(settings: Settings, alerts: Sequence[Alert]) -> None:
    write_atomically(_path(settings), json.dumps([asdict(alert) for alert in alerts], indent=1))


def _path(settings: Settings) -> Path:
    return settings.operations / "alerts.json"
