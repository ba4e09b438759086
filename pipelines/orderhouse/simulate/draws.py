"""Random numbers without state: every draw is a hash of (seed, purpose, key).

So the whole life of an order is computed from its number alone, in any chunk, in any process, and again later when an
increment continues it. Orders, money and time do not belong here.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]

_MASK = (1 << 64) - 1
# 2^64 divided by the golden ratio, the increment of splitmix64.
_GOLDEN = 0x9E3779B97F4A7C15

# Quantiles of the exponential distribution with mean 1, at 0, 5, … 95, 99, 100 %. A table instead of a logarithm: only
# plain IEEE arithmetic gives the same bytes on every processor.
_SHARES = np.array([*range(0, 100, 5), 99, 100]) / 100.0
_EXPONENTIAL = np.array(
    [0.0, 0.0513, 0.1054, 0.1625, 0.2231, 0.2877, 0.3567, 0.4308, 0.5108, 0.5978, 0.6931, 0.7985, 0.9163, 1.0498]
    + [1.204, 1.3863, 1.6094, 1.8971, 2.3026, 2.9957, 4.6052, 6.0]
)


def _mix_int(value: int) -> int:
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK
    return value ^ (value >> 31)


def mix(values: Bits) -> Bits:
    """Scatter 64-bit numbers (the finaliser of splitmix64, a bijection)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


class Draws:
    """Draws of one seed.

    `purpose` names the question and `keys` its subjects. The same question always has the same answer.
    """

    def __init__(self, seed: int) -> None:
        self._seed = _mix_int((seed + 1) * _GOLDEN & _MASK)

    def bits(self, keys: Ints, purpose: str) -> Bits:
        """Return 64 random bits per key."""
        salt = np.uint64(_mix_int(self._seed ^ (zlib.crc32(purpose.encode()) * _GOLDEN & _MASK)))
        return mix(keys.astype(np.uint64) * np.uint64(_GOLDEN) + salt)

    def share(self, keys: Ints, purpose: str) -> Floats:
        """Return a uniform number in [0, 1) per key."""
        return (self.bits(keys, purpose) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def chance(self, keys: Ints, purpose: str, probability: float | Floats) -> Bools:
        """Return True with the given probability, per key."""
        return np.asarray(self.share(keys, purpose) < probability, dtype=np.bool_)

    def between(self, keys: Ints, purpose: str, low: int, high: int | Ints) -> Ints:
        """Return a whole number in [low, high] per key."""
        steps = np.floor(self.share(keys, purpose) * (high - low + 1)).astype(np.int64)
        return np.asarray(steps + low, dtype=np.int64)

    def waiting(self, keys: Ints, purpose: str, mean_seconds: float) -> Ints:
        """Return a waiting time in seconds, exponential with the given mean, at most six times the mean."""
        waited: Floats = np.interp(self.share(keys, purpose), _SHARES, _EXPONENTIAL) * mean_seconds
        return np.floor(waited).astype(np.int64)

    def pick(self, keys: Ints, purpose: str, weights: Sequence[float]) -> Ints:
        """Return an index into `weights` per key, with those odds."""
        bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.searchsorted(bounds / bounds[-1], self.share(keys, purpose), side="right").astype(np.int64)
