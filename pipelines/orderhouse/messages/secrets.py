"""Secrets of endpoints: named in `messages.yaml`, kept in an environment variable or a file, and read when needed."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from orderhouse.errors import OrderhouseError

__all__ = ["Secret"]


class Secret(BaseModel):
    """Place of a secret: `{env: NAME}` or `{file: PATH}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise ValueError("write {env: NAME} or {file: PATH}")
        return self

    def read(self, base: Path) -> str:
        """Return the secret.

        Args:
            base: Folder from which a relative path is meant.

        Raises:
            OrderhouseError: The variable is not set, or the file cannot be read.
        """
        if self.env is not None:
            found = os.environ.get(self.env, "")
            if not found:
                raise OrderhouseError(f"The environment variable {self.env}, which messages.yaml names, is not set.")
            return found
        path = base / str(self.file)
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise OrderhouseError(f"The secret {path}, which messages.yaml names, cannot be read: {reason}.") from None
