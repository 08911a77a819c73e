"""The base of every error that the vision room raises."""

from __future__ import annotations

from fruits.errors import FruitsError


class VisionError(FruitsError):
    """A picture, a graph or a backbone that cannot be used as asked."""
