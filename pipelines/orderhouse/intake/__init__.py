"""Webhook intake: a small server that lands signed webhook bodies as files, before it says that it has them.

It reads nothing of what the bodies say and touches no table: the next ingest finds the files as it finds any other.
"""

from __future__ import annotations

from orderhouse.intake.receivers import Receiver, receivers
from orderhouse.intake.server import serve

__all__ = ["Receiver", "receivers", "serve"]
