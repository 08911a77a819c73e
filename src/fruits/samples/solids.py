"""The shapes of the drawn fruits: round ones given by a radius per direction, bent ones by a radius along an arc, and
stems.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fruits.samples.render import Floats

_TABLE = 16_384


@dataclass(frozen=True)
class Round:
    """A body seen whole from its middle: its radius depends on the direction.

    ``radii`` [16384] is the radius at the cosine of the angle from the stem, -1 to 1. ``lobes`` ridges of height
    ``lobe_height`` run from end to end (0 or 1 to 5), ``swell`` fattens one side, as no fruit is quite round.
    """

    radii: Floats
    lobes: int = 0
    lobe_height: float = 0.0
    swell: float = 0.03

    @classmethod
    def of(
        cls, radius: Callable[[Floats], Floats], lobes: int = 0, lobe_height: float = 0.0, swell: float = 0.03
    ) -> Round:
        """Make a body from its radius as a function of the angle from the stem, 0 to pi, scaled to at most 1."""
        angle = np.arccos(np.linspace(-1, 1, _TABLE)).astype(np.float32)
        radii = radius(angle).astype(np.float32)
        return cls(radii / radii.max(), lobes, lobe_height, swell)

    def field(self, points: Floats) -> Floats:
        """Distance [n] from points [3, n], exact along the line to the middle."""
        x, y, z = points
        flat = x * x + z * z
        length = np.sqrt(flat + y * y) + 1e-6
        cosine = y / length
        radius = self.radii[((cosine * 0.5 + 0.5) * (_TABLE - 1)).astype(np.int32)]
        side = x / length
        radius = radius * (1 + self.swell * (side + 0.7 * side * z / length + 0.5 * cosine * z / length))
        if self.lobes:
            sine = np.sqrt(flat) / length
            radius = radius + self.lobe_height * sine * _cosine_of_multiple(self.lobes, x / (np.sqrt(flat) + 1e-6))
        distance: Floats = length - radius
        return distance

    def coordinates(self, points: Floats) -> tuple[Floats, Floats]:
        """Longitude and angle from the stem, both scaled to [0, 1]."""
        x, y, z = points
        around = np.arctan2(z, x) / np.float32(2 * math.pi) + np.float32(0.5)
        along = np.arctan2(np.sqrt(x * x + z * z), y) / np.float32(math.pi)
        return around, along


def _cosine_of_multiple(times: int, cosine: Floats) -> Floats:
    """cos(times * angle) from cos(angle): the Chebyshev polynomials of the first kind."""
    before, now = np.ones_like(cosine), cosine
    for _ in range(times - 1):
        before, now = now, 2 * cosine * now - before
    return now


@dataclass(frozen=True)
class Bent:
    """A body along an arc of radius ``bend`` that lies in the x, y plane and bulges to -x; ``half_length`` along it.

    ``radii`` [16384] is its thickness from the lower to the upper end; ``edges`` flat sides as a banana has.
    """

    radii: Floats
    bend: float
    half_length: float
    edges: int = 5
    edge_height: float = 0.012

    def field(self, points: Floats) -> Floats:
        """Roughly the distance [n] from points [3, n]."""
        along, sideways, depth = self._straighten(points)
        place = np.clip(along / self.half_length, -1.0, 1.0)
        radius = self.radii[((place * 0.5 + 0.5) * (_TABLE - 1)).astype(np.int32)]
        distance = np.sqrt(sideways * sideways + depth * depth) + 1e-6
        radius = radius + self.edge_height * _cosine_of_multiple(self.edges, sideways / distance)
        # Inside the bend a step along the arc is shorter than it counts.
        narrowing = np.minimum((sideways + self.bend) / self.bend, 1.0)
        beyond = np.maximum(np.abs(along) - self.half_length, 0.0) * narrowing
        inside = np.maximum(distance - radius, 0.0)
        result: Floats = np.where(beyond > 0, np.sqrt(beyond * beyond + inside * inside), distance - radius)
        return result

    def coordinates(self, points: Floats) -> tuple[Floats, Floats]:
        """Angle around the arc and place along it from the upper end, both scaled to [0, 1]."""
        along, sideways, depth = self._straighten(points)
        around = np.arctan2(depth, sideways) / np.float32(2 * math.pi) + np.float32(0.5)
        return around, np.clip(0.5 - along / (2 * self.half_length), 0.0, 1.0).astype(np.float32)

    def _straighten(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        x, y, z = points
        reach = self.bend - x - 0.25
        along = np.arctan2(y, reach) * np.float32(self.bend)
        return along, np.sqrt(reach * reach + y * y) - np.float32(self.bend), z


@dataclass(frozen=True)
class Stem:
    """A thin stalk from ``foot`` to ``tip`` (points of three coordinates), thicker at the tip."""

    foot: tuple[float, float, float]
    tip: tuple[float, float, float]
    thickness: float

    def field(self, points: Floats) -> Floats:
        """Distance [n] from points [3, n]."""
        share, aside = self._place(points)
        distance: Floats = aside - self.thickness * (0.75 + 0.5 * share)
        return distance

    def coordinates(self, points: Floats) -> tuple[Floats, Floats]:
        """Not told apart around; from the tip to the foot."""
        share, _ = self._place(points)
        return np.zeros_like(share), 1.0 - share

    def _place(self, points: Floats) -> tuple[Floats, Floats]:
        foot = np.asarray(self.foot, np.float32)[:, None]
        axis = np.asarray(self.tip, np.float32)[:, None] - foot
        offset = points - foot
        share = np.clip((offset * axis).sum(0) / np.float32((axis * axis).sum()), 0.0, 1.0)
        offset = offset - axis * share
        return share, np.sqrt((offset * offset).sum(0))
