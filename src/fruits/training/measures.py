"""How good a recogniser is, in numbers that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Measures:
    """Shares from 0 to 1, over the photos of one set whose species the model knows; None where there is none.

    top1, top5: the right species is first, among the first five. macro_top1: the mean over species. sure_share: how
    many answers were sure; sure_right: how many of those were right. error: expected calibration error.
    """

    photos: int
    species: int
    top1: float | None
    top5: float | None
    macro_top1: float | None
    sure_share: float | None
    sure_right: float | None
    error: float | None

    def as_dict(self) -> dict[str, float | int | None]:
        """Rounded to four places, for JSON."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def measure(goal: Sequence[str], ranked: Sequence[Sequence[str]], confidence: Floats, sure: Flags) -> Measures:
    """Measures of answers.

    goal: right species of each photo. ranked: its candidates, best first. confidence: of the first, 0 to 1 [n].
    """
    if not goal:
        return Measures(0, 0, None, None, None, None, None, None)
    first = np.array([candidates[0] == right for candidates, right in zip(ranked, goal, strict=True)])
    five = np.array([right in candidates[:5] for candidates, right in zip(ranked, goal, strict=True)])
    names = np.array(goal)
    kinds = sorted(set(goal))
    macro = float(np.mean([first[names == name].mean() for name in kinds]))
    right = float(first[sure].mean()) if sure.any() else None
    error = calibration_error(confidence, first)
    return Measures(
        len(goal), len(kinds), float(first.mean()), float(five.mean()), macro, float(sure.mean()), right, error
    )


def calibration_error(confidence: Floats, right: Flags, bins: int = BINS) -> float:
    """Expected calibration error over equal bins of confidence (Guo et al., ICML 2017, equation 3), 0 to 1."""
    return float(sum(abs(mean - share) * count for mean, share, count in reliability(confidence, right, bins))) / max(
        1, len(confidence)
    )


def reliability(confidence: Floats, right: Flags, bins: int = BINS) -> list[tuple[float, float, int]]:
    """For each bin of confidence that is not empty: mean confidence, share right, photos."""
    place = np.minimum((np.asarray(confidence) * bins).astype(int), bins - 1)
    lines = []
    for each in np.unique(place):
        here = place == each
        lines.append((float(confidence[here].mean()), float(right[here].mean()), int(here.sum())))
    return lines
