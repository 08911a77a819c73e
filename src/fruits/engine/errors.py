"""What can go wrong in the engine."""

from __future__ import annotations

from fruits.errors import FruitsError


class EngineError(FruitsError):
    """A bundle or a photo that the engine cannot use."""
