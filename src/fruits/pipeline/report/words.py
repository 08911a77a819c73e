"""How the page writes numbers, times, settings and names."""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime
from typing import Any

DASH = "–"  # noqa: RUF001
_JOINERS = "\u200c\u200d"  # inside emoji and several scripts
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def count(number: float) -> str:
    """Return a whole number with commas."""
    return f"{number:,.0f}"


def percent(share: float) -> str:
    """Return a share in [0, 1] as %, with as many places as tell; 100 % and 0 % mean exactly that.

    A no-break space holds the sign to its number.
    """
    if not math.isfinite(share):
        return DASH
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f}\u00a0%"
    if 0 < value < 0.1:
        return f"{value:.2g}\u00a0%" if value >= 0.001 else "< 0.001\u00a0%"
    return f"{min(value, 99.9) if value < 100 else value:.1f}\u00a0%"


def duration(seconds: float) -> str:
    """Return seconds as ``4.2 s``, ``6 min 3 s``, ``3 h 12 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds >= 0.1 else "< 0.1 s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s"


def period(started: float, finished: float) -> str:
    """Return two moments, seconds since 1970, as days and times, UTC; the second one only where it is later."""
    try:
        begin, end = (datetime.fromtimestamp(seconds, UTC) for seconds in (started, finished))
    except (ValueError, OverflowError, OSError):
        return DASH
    first, last = f"{begin:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}"
    if end <= begin or first == last:
        return f"{first} UTC"
    return f"{first} to {last[11:] if first[:10] == last[:10] else last} UTC"


def setting(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return a setting as a person writes it."""
    if value is None or value in ([], {}):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def size(number: float) -> str:
    """Return bytes as MB or GB."""
    return f"{number / 1e9:.2f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"


def short(text: str, length: int = 48) -> str:
    """Return ``text``, its middle left out where it is longer than ``length``."""
    if len(text) <= length:
        return text
    head = (length - 1) * 2 // 3
    return f"{text[:head]}…{text[head + 1 - length :]}"


def visible(text: str) -> str:
    r"""Return ``text`` with characters that hide or turn text around spelt out: a line break becomes ``\n``."""
    return "".join(_spelt(c) if unicodedata.category(c) in _HIDDEN and c not in _JOINERS else c for c in text)


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode()
