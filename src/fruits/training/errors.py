"""What can go wrong while a bundle is trained."""

from __future__ import annotations

from fruits.errors import FruitsError


class TrainingError(FruitsError):
    """Data that cannot be trained on, or a training that cannot go on."""
