"""Files for personal values: readable by their owner alone, and never written through a link or into a former file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, cast

from orderhouse.errors import OrderhouseError

__all__ = ["create_private"]


def create_private(path: Path) -> BinaryIO:
    """Create a file that only its owner may read, and open it for writing.

    Raises:
        OrderhouseError: There is something under that name already, also a link that leads nowhere.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise OrderhouseError(
            f"{path} exists already, and others might be able to read it. Name a new file, or remove that one."
        ) from None
    except OSError as error:
        raise OrderhouseError(f"{path} cannot be written: {error.strerror}.") from None
    return cast(BinaryIO, os.fdopen(descriptor, "wb"))
