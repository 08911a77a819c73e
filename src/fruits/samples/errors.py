"""The base of every error that drawing or fetching sample images raises."""

from __future__ import annotations

from fruits.errors import FruitsError


class SamplesError(FruitsError):
    """A data set that could not be drawn, fetched or trusted."""
