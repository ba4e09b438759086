"""Limits of requests: counters in a file of fixed size that all workers share.

A counter belongs to a window of time and to a hash of its subject, so memory stays the same however many clients come,
and no address is stored. Two subjects may share a counter; each has two of them, and the lower one counts.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path

__all__ = ["Limits", "client_subject"]

SLOTS = 1 << 16
COUNTER = struct.Struct("<QI")
SALT_BYTES = 16
IPV6_CLIENT_BITS = 64


class Limits:
    """Counters of requests, shared by the processes that open the same file.

    Args:
        path: The file; it is made if it does not exist.
        clock: Returns seconds.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clock = clock
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        size = SALT_BYTES + SLOTS * COUNTER.size
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            if os.fstat(self._file).st_size != size:
                os.ftruncate(self._file, 0)
                os.ftruncate(self._file, size)
                os.pwrite(self._file, os.urandom(SALT_BYTES), 0)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._memory = mmap.mmap(self._file, size)
        self._salt = self._memory[:SALT_BYTES]

    def close(self) -> None:
        """Close the file."""
        self._memory.close()
        os.close(self._file)

    def wait(self, subject: str, most: int, seconds: int) -> int:
        """Count one request, and return 0 if it may pass, else the seconds until the next window.

        Args:
            subject: Who or what is counted.
            most: Requests that may pass in one window.
            seconds: Length of a window.
        """
        now = self._clock()
        window = int(now // seconds)
        places = self._places(f"{seconds} {subject}")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            counted = 1 + min(self._count(place, window) for place in places)
            if counted > most:
                return max(1, int((window + 1) * seconds - now + 0.999))
            for place in places:
                COUNTER.pack_into(self._memory, place, window, max(counted, self._count(place, window)))
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        return 0

    def _count(self, place: int, window: int) -> int:
        found, count = COUNTER.unpack_from(self._memory, place)
        return count if found == window else 0

    def _places(self, subject: str) -> tuple[int, int]:
        digest = hashlib.blake2b(subject.encode(errors="replace"), key=self._salt, digest_size=8).digest()
        first, second = struct.unpack("<II", digest)
        half = SLOTS // 2
        return (
            SALT_BYTES + (first % half) * COUNTER.size,
            SALT_BYTES + (half + second % half) * COUNTER.size,
        )


def client_subject(address: str | None) -> str:
    """Return who counts as one client: an IPv4 address, or the network of an IPv6 address."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ip_network((int(found), IPV6_CLIENT_BITS), strict=False))
