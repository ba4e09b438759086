"""Webhook intake: a small server that lands signed webhook bodies as files before it answers.

It does not interpret bodies and writes no table. The next ingest loads the files like any other.
"""

from __future__ import annotations

from orderhouse.intake.receivers import Receiver, receivers
from orderhouse.intake.server import serve

__all__ = ["Receiver", "receivers", "serve"]
