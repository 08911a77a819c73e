"""How a run speaks while it works: a bar on a terminal, a plain line now and then elsewhere, or not at all."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

_SECONDS_BETWEEN_LINES = 5.0


class Reporter(Protocol):
    """What the chain tells its face."""

    def say(self, sentence: str) -> None:
        """Tell a sentence."""

    def start(self, what: str, total: int) -> None:
        """Begin counting towards ``total``."""

    def update(self, done: int, errors: int) -> None:
        """Tell how many are done, ``errors`` of them refused."""

    def stop(self) -> None:
        """End counting."""


class Silent:
    """Says nothing."""

    def say(self, sentence: str) -> None:
        """See :class:`Reporter`."""

    def start(self, what: str, total: int) -> None:
        """See :class:`Reporter`."""

    def update(self, done: int, errors: int) -> None:
        """See :class:`Reporter`."""

    def stop(self) -> None:
        """See :class:`Reporter`."""


class Lines:
    """A plain line every few seconds, for logs."""

    def __init__(self, file: TextIO | None = None, seconds: float = _SECONDS_BETWEEN_LINES) -> None:
        self._file = file or sys.stderr
        self._seconds = seconds
        self._what, self._total, self._started, self._last = "", 0, 0.0, 0.0

    def say(self, sentence: str) -> None:
        """See :class:`Reporter`."""
        print(sentence, file=self._file, flush=True)

    def start(self, what: str, total: int) -> None:
        """See :class:`Reporter`."""
        self._what, self._total = what, total
        self._started = self._last = time.monotonic()

    def update(self, done: int, errors: int) -> None:
        """See :class:`Reporter`."""
        now = time.monotonic()
        if now - self._last < self._seconds and done < self._total:
            return
        self._last = now
        rate = done / max(now - self._started, 1e-9)
        left = f", {_duration((self._total - done) / rate)} left" if done else ""
        self.say(f"{self._what}: {done:,} of {self._total:,} images, {rate:.0f} a second, {errors:,} errors{left}")

    def stop(self) -> None:
        """See :class:`Reporter`."""


class Bar:
    """A progress bar on a terminal."""

    def __init__(self, file: TextIO | None = None) -> None:
        from tqdm import tqdm  # noqa: PLC0415 - only a terminal needs it

        self._tqdm = tqdm
        self._file = file or sys.stderr
        self._bar: tqdm | None = None

    def say(self, sentence: str) -> None:
        """See :class:`Reporter`."""
        self._tqdm.write(sentence, file=self._file)

    def start(self, what: str, total: int) -> None:
        """See :class:`Reporter`."""
        self._bar = self._tqdm(
            total=total, desc=what, unit=" images", unit_scale=False, file=self._file, dynamic_ncols=True, smoothing=0.1
        )

    def update(self, done: int, errors: int) -> None:
        """See :class:`Reporter`."""
        if self._bar is not None:
            self._bar.set_postfix_str(f"{errors:,} errors", refresh=False)
            self._bar.update(done - self._bar.n)
            self._bar.refresh()

    def stop(self) -> None:
        """See :class:`Reporter`."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def for_terminal(file: TextIO | None = None) -> Reporter:
    """Return a bar if ``file`` (stderr by default) is a terminal, else plain lines."""
    target = file or sys.stderr
    return Bar(target) if target.isatty() else Lines(target)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
