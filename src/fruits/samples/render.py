"""A small renderer: one solid, lit from the upper left, on a pure white ground.

A solid is a field that is negative inside, zero on the surface and roughly the distance outside; rays march along it
(sphere tracing, J. C. Hart, The Visual Computer 12, 1996). Its skin is a map of colours and relief over two surface
coordinates. Axes: x right, y up (the fruit's stem), z towards the camera; a body is about one unit in radius.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]

# Pixels are drawn finer than wanted and shrunk, which smooths skin as well as outline.
_OVERSAMPLING = 1.3
_STEPS = 72  # a multiple of four; only rays along a surface need more than twenty
# From the middle to the edge of the picture, in body units.
_HALF_WIDTH = 1.25
_HIT = 0.004
# Rays that graze an edge would creep; this is about a pixel.
_SHORTEST_STEP = 0.015
# A field is not exactly a distance; a shorter step keeps rays from jumping through thin places.
_CAUTION = 0.8
_LIGHT = np.array([-0.42, 0.62, 0.66], np.float32)
_LIGHT /= np.linalg.norm(_LIGHT)
_HALFWAY = _LIGHT + np.array([0, 0, 1], np.float32)
_HALFWAY /= np.linalg.norm(_HALFWAY)


class Body(Protocol):
    """A solid in its own coordinates."""

    def field(self, points: Floats) -> Floats:
        """Signed, roughly the distance [n] from points [3, n] to the surface."""

    def coordinates(self, points: Floats) -> tuple[Floats, Floats]:
        """Surface coordinates in [0, 1): once around the axis, and from the stem to the other end; each [n]."""


@dataclass(frozen=True)
class Skin:
    """What covers a body: ``texels`` [rows * columns, 5] holds red, green, blue (0 to 1) and the slope of the relief
    around and along the axis. ``gloss`` is the strength of the highlight, ``polish`` its sharpness (Blinn's exponent).
    """

    texels: Floats
    rows: int
    columns: int
    gloss: float
    polish: float

    @classmethod
    def of(cls, colours: Floats, relief: Floats, gloss: float, polish: float) -> Skin:
        """Make a skin from colours [rows, columns, 3] and relief [rows, columns], in body units times 100."""
        around = np.roll(relief, -1, axis=1) - np.roll(relief, 1, axis=1)
        along = np.gradient(relief, axis=0)
        texels = np.dstack([colours, around, along]).astype(np.float32)
        rows, columns = relief.shape
        return cls(texels.reshape(rows * columns, 5), rows, columns, gloss, polish)

    def look_up(self, around: Floats, along: Floats) -> Floats:
        """Texels [n, 5] at surface coordinates in [0, 1]."""
        row = np.minimum((along * self.rows).astype(np.int32), self.rows - 1)
        column = (around * self.columns).astype(np.int32) % self.columns
        texels: Floats = self.texels[row * self.columns + column]
        return texels


@dataclass(frozen=True)
class Part:
    """A body with its skin; ``reach`` bounds it: a sphere of that radius around ``centre`` holds the whole body."""

    body: Body
    skin: Skin
    centre: tuple[float, float, float]
    reach: float


def rotation(spin: float, tilt: float, roll: float) -> Floats:
    """Matrix [3, 3] from body to camera: spin about the body's y, then roll about z, then tilt about x; radians."""
    c, s = math.cos(spin), math.sin(spin)
    about_y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    c, s = math.cos(roll), math.sin(roll)
    about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    c, s = math.cos(tilt), math.sin(tilt)
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    turn: Floats = (about_x @ about_z @ about_y).astype(np.float32)
    return turn


def render(parts: tuple[Part, ...], turn: Floats, pixels: int, exposure: float = 1.0) -> Image.Image:
    """Draw the parts turned by ``turn`` [3, 3] as an RGB image of ``pixels`` x ``pixels`` on white.

    The frame is drawn close around what is seen, proportions kept, as the makers of Fruits-360 cut their pictures.
    """
    side = round(pixels * _OVERSAMPLING)
    canvas = np.ones((side * side, 3), np.float32)
    depth = np.full(side * side, -np.inf, np.float32)
    for part in parts:
        _draw(part, turn, side, exposure, canvas, depth)
    levels = np.clip(canvas * 255.0 + 0.5, 0, 255).astype(np.uint8).reshape(side, side, 3)
    frame = _frame(np.isfinite(depth).reshape(side, side))
    return Image.fromarray(levels).resize((pixels, pixels), Image.Resampling.BICUBIC, box=frame)


def _frame(seen: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """The square box around what is seen, moved inside the picture."""
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    width = min(max(bottom - top, right - left) + 2, len(seen))
    x = min(max((left + right - width) / 2, 0), len(seen) - width)
    y = min(max((top + bottom - width) / 2, 0), len(seen) - width)
    return x, y, x + width, y + width


def _draw(part: Part, turn: Floats, side: int, exposure: float, canvas: Floats, depth: Floats) -> None:
    pixel = 2 * _HALF_WIDTH / side
    centre = turn @ np.asarray(part.centre, np.float32)
    x, y, index = _rays(centre, part.reach + pixel, side)
    if not len(index):
        return
    within = np.sqrt(np.maximum(part.reach**2 - (x - centre[0]) ** 2 - (y - centre[1]) ** 2, 0.0))
    nearest, height = _march(part.body.field, np.stack([x, y, centre[2] + within]), 2 * within, turn)
    seen = np.flatnonzero((nearest < pixel) & (height > depth[index]))
    index, height = index[seen], height[seen]
    points = turn.T @ np.stack([x[seen], y[seen], height])
    cover = np.clip(1.0 - nearest[seen] / pixel, 0.0, 1.0)[:, None]
    colour = _shade(part, points, turn) * exposure
    canvas[index] = canvas[index] * (1.0 - cover) + colour * cover
    depth[index] = np.where(cover[:, 0] > 0.5, height, depth[index])


def _rays(centre: Floats, reach: float, side: int) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Camera coordinates x, y [n] of the pixels inside the bounding sphere's disc, and their index in the canvas."""
    places = ((np.arange(side) + 0.5) / side * 2 - 1).astype(np.float32) * np.float32(_HALF_WIDTH)
    inside = (places[None, :] - centre[0]) ** 2 + (-places[:, None] - centre[1]) ** 2 < reach**2
    index = np.flatnonzero(inside)
    return places[index % side], -places[index // side], index


def _march(field: Callable[[Floats], Floats], start: Floats, length: Floats, turn: Floats) -> tuple[Floats, Floats]:
    """Distance [n] of each ray from the body, 0 where it hits, and the camera's z [n] of that nearest place.

    Rays go from ``start`` [3, n], in the camera's coordinates, along -z for at most ``length`` [n].
    """
    origin = turn.T @ start
    towards = -turn[2][:, None]  # the camera's -z in body coordinates
    best = np.empty_like(length)
    place = np.empty_like(length)
    active = np.arange(len(length))
    rays, left, travelled = origin, length, np.zeros_like(length)
    least, at = np.full_like(length, np.inf), np.zeros_like(length)
    for step in range(_STEPS):
        distance = field(rays + towards * travelled)
        at = np.where(distance < least, travelled, at)
        least = np.minimum(distance, least)
        going = least > _HIT
        travelled += np.maximum(_CAUTION * distance, _SHORTEST_STEP) * going
        if step % 4 == 3:  # drop the rays that have arrived or left
            best[active], place[active] = least, at
            going &= travelled < left
            left = left[going]
            active, rays, travelled = active[going], rays[:, going], travelled[going]
            least, at = least[going], at[going]
            if not len(active):
                break
    hit = np.flatnonzero(best <= _HIT)
    for _ in range(2):  # back from the overshoot of the shortest step
        place[hit] += _CAUTION * field(origin[:, hit] + towards * place[hit])
    return np.where(best <= _HIT, 0.0, best).astype(np.float32), start[2] - place


def _shade(part: Part, points: Floats, turn: Floats) -> Floats:
    """Colours [n, 3] of surface points [3, n] given in body coordinates."""
    skin = part.skin
    texels = skin.look_up(*part.body.coordinates(points))
    normal = _normals(part.body.field, points)
    around = np.stack([points[2], np.zeros_like(points[0]), -points[0]])
    around /= np.sqrt((around * around).sum(0)) + 1e-3
    along = np.cross(normal, around, axis=0)
    normal = normal - around * texels[:, 3] - along * texels[:, 4]
    normal = turn @ (normal / np.sqrt((normal * normal).sum(0)))
    facing = np.clip(normal[2], 0.0, 1.0)
    # Half Lambert ("wrapped") light is soft, as under a window; the sky term brightens what looks up.
    key = np.clip((_LIGHT @ normal + 0.35) / 1.35, 0.0, 1.0)
    light = (0.30 + 0.10 * normal[1] + 0.78 * key) * (0.62 + 0.38 * np.sqrt(facing))
    shine = skin.gloss * np.clip(_HALFWAY @ normal, 0.0, 1.0) ** skin.polish
    rim = 0.12 * skin.gloss * (1.0 - facing) ** 3
    colours: Floats = texels[:, :3] * light[:, None] + (shine + rim)[:, None]
    return colours


def _normals(field: Callable[[Floats], Floats], points: Floats) -> Floats:
    """Unit gradients [3, n] of the field, by forward differences."""
    here = field(points)
    step = np.float32(0.012)
    slopes = np.empty_like(points)
    for axis in range(3):
        moved = points.copy()
        moved[axis] += step
        slopes[axis] = field(moved) - here
    unit: Floats = slopes / (np.sqrt((slopes * slopes).sum(0)) + 1e-9)
    return unit
