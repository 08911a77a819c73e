"""How often one address may do one thing: a token bucket, in memory."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from fruits.web.errors import ConfigurationError

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_MOST_ADDRESSES = 50_000


@dataclass(frozen=True)
class Rate:
    """So many (``count``, 0 for no limit) in so many seconds; as many at once when one has waited."""

    count: int
    seconds: float

    @classmethod
    def parse(cls, name: str, words: str) -> Rate:
        """Read ``60/m``; ``0`` means no limit. ``name`` is the variable that the error speaks of."""
        count, _, unit = words.partition("/")
        if not count.isdigit() or unit not in (*_SECONDS, ""):
            raise ConfigurationError(f"{name} must be as 60/m (s, m or h), or 0 for no limit, not {words!r}")
        return cls(int(count), _SECONDS.get(unit, 60))


class Limiter:
    """Token buckets by key; the least recently seen are forgotten beyond 50,000.

    The buckets live in the process: a server of several workers gives each its share of the rate.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one token; 0 when there was one, else the seconds until there will be."""
        if not self._rate.count:
            return 0.0
        now = self._clock()
        speed = self._rate.count / self._rate.seconds
        with self._lock:
            tokens, seen = self._buckets.pop(key, (float(self._rate.count), now))
            tokens = min(float(self._rate.count), tokens + (now - seen) * speed)
            wait = 0.0 if tokens >= 1 else (1 - tokens) / speed
            self._buckets[key] = (tokens - 1 if tokens >= 1 else tokens, now)
            if len(self._buckets) > _MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        return wait


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that a provider gives to one IPv6 customer."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
