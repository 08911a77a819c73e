"""Which images teach a classifier and which test it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Division:
    """Which rows teach and which test.

    Attributes:
        thresholds: None where the folders Training and Test say it; else by label: an image whose :func:`lot` is at
            most this is a test image.
    """

    thresholds: dict[str, float] | None

    def is_test(self, path: str, label: str, split: str) -> bool:
        """Whether this image tests."""
        if self.thresholds is None:
            return split == "Test"
        return lot(path) <= self.thresholds[label]


def lot(path: str) -> float:
    """Return a number in [0, 1) that depends on the path alone."""
    return int.from_bytes(hashlib.blake2b(path.encode(), digest_size=6).digest(), "big") / 2**48
