"""Decoded photos in memory: a training looks at every photo dozens of times and decodes it once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fruits.training.errors import TrainingError
from fruits.vision.decode import DecodeError, decode

Pixels = NDArray[np.uint8]

LONGEST_SIDE = 288
"""Photos are kept at most this large, in pixels: enough for a crop of half of one at the network's 160."""


class PixelStore:
    """Upright RGB pixels by path, shrunk to ``longest_side``; about 150 kB a photo."""

    def __init__(self, longest_side: int = LONGEST_SIDE) -> None:
        self._longest = longest_side
        self._kept: dict[Path, Pixels] = {}

    def get(self, path: Path) -> Pixels:
        """Pixels uint8 [H, W, 3]; raises ``TrainingError`` on a file that is not a picture."""
        found = self._kept.get(path)
        if found is None:
            found = self._kept[path] = self._read(path)
        return found

    def load(self, paths: Iterable[Path]) -> None:
        """Decode ahead of time."""
        for path in paths:
            self.get(path)

    def _read(self, path: Path) -> Pixels:
        try:
            pixels = decode(path.read_bytes()).pixels
        except (OSError, DecodeError) as cause:
            raise TrainingError(f"{path} cannot be trained on: {cause}") from cause
        height, width = pixels.shape[:2]
        if max(height, width) <= self._longest:
            return pixels
        scale = self._longest / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0))


def stretched(pixels: Pixels, size: int) -> Pixels:
    """The whole photo as uint8 [size, size, 3], as the recogniser sees it."""
    return np.array(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0))
