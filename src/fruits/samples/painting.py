"""Painting a skin: colours and relief on a map of longitude and angle from the stem."""

from __future__ import annotations

import math

import numpy as np

from fruits.samples.render import Floats, Skin

Colour = tuple[int, int, int]

_ROWS, _COLUMNS = 160, 320


class Canvas:
    """A skin in the making: the texels' places on the body and tools to paint and raise them."""

    def __init__(self, ground: Colour, rng: np.random.Generator) -> None:
        self.rng = rng
        self.angle = ((np.arange(_ROWS) + 0.5) / _ROWS * math.pi).astype(np.float32)[:, None]
        self.longitude = ((np.arange(_COLUMNS) + 0.5) / _COLUMNS * 2 * math.pi - math.pi).astype(np.float32)[None]
        self.colours: Floats = np.broadcast_to(unit(ground), (_ROWS, _COLUMNS, 3)).astype(np.float32)
        self.relief: Floats = np.zeros((_ROWS, _COLUMNS), np.float32)

    def noise(self, detail: float, stretch: float = 1.0) -> Floats:
        """Smooth noise [rows, columns] in 0 to 1; ``stretch`` above 1 draws it out from stem to end into streaks."""
        sine = np.sin(self.angle)
        if stretch != 1.0:
            sine = np.maximum(sine, 0.5)
        x = detail * sine * np.cos(self.longitude)
        y = detail / stretch * np.cos(self.angle) + 0 * self.longitude
        z = detail * sine * np.sin(self.longitude)
        return _lattice_noise(np.stack([x, y, z]), self.rng)

    def cloud(self, detail: float, stretch: float = 1.0) -> Floats:
        """Three octaves of noise, spread over 0 to 1."""
        total = sum(self.noise(detail * 2**octave, stretch) / 2**octave for octave in range(3))
        return np.clip((np.asarray(total) / 1.75 - 0.5) * 1.9 + 0.5, 0, 1).astype(np.float32)

    def paint(self, colour: Colour, strength: Floats | float) -> None:
        """Mix a colour in; ``strength`` 0 to 1 broadcasts to [rows, columns]."""
        share = np.broadcast_to(np.clip(strength, 0, 1), (_ROWS, _COLUMNS))[..., None]
        self.colours = (self.colours * (1 - share) + unit(colour) * share).astype(np.float32)

    def near_stem(self, width: float) -> Floats:
        """1 at the stem, falling off over ``width`` radians; [rows, 1]."""
        return _falling(self.angle / width)

    def near_end(self, width: float) -> Floats:
        """1 opposite the stem, falling off over ``width`` radians; [rows, 1]."""
        return _falling((math.pi - self.angle) / width)

    def freckles(self, share: float, blur: int = 1) -> Floats:
        """Dots of about two texels scattered evenly over the body: strength [rows, columns] in 0 to 1."""
        # Fewer near the ends, where texels are narrow and dots would become rays.
        chance = share * np.minimum(2 * np.sin(self.angle) - 0.3, 1)
        dots: Floats = (self.rng.random((_ROWS, _COLUMNS)) < chance).astype(np.float32)
        for _ in range(blur):
            dots = (dots + np.roll(dots, 1, 0) + np.roll(dots, 1, 1) + np.roll(dots, (1, 1), (0, 1))) / 2
        return np.clip(dots, 0, 1)

    def spiral(self, count: int, size: float) -> Floats:
        """Evenly set round dots, as seeds sit (Fibonacci lattice): strength [rows, columns] in 0 to 1."""
        strength = np.zeros((_ROWS, _COLUMNS), np.float32)
        for number in range(count):
            angle = math.acos(1 - 2 * (number + 0.5) / count)
            turn = number * math.pi * (3 - math.sqrt(5))
            near = slice(
                max(0, int((angle - 2 * size) / math.pi * _ROWS)), int((angle + 2 * size) / math.pi * _ROWS) + 1
            )
            across = np.sin(self.longitude / 2 - turn / 2) * 2 * math.sin(angle) / 0.7
            squared = ((self.angle[near] - angle) ** 2 + across**2) / size**2
            strength[near] = np.maximum(strength[near], np.exp(-squared))
        return strength

    def skin(self, gloss: float, polish: float) -> Skin:
        """The finished skin."""
        return Skin.of(np.clip(self.colours, 0, 1), self.relief, gloss, polish)


def _falling(distance: Floats) -> Floats:
    strength: Floats = np.exp(-(distance * distance)).astype(np.float32)
    return strength


def unit(colour: Colour) -> Floats:
    """A colour of 0 to 255 as red, green, blue [3] of 0 to 1."""
    return np.asarray(colour, np.float32) / 255


def _lattice_noise(points: Floats, rng: np.random.Generator) -> Floats:
    """Value noise: random numbers on a lattice of 32 cells a side, smoothly interpolated at points [3, ...]."""
    lattice = rng.random(32**3, dtype=np.float32)
    points = points + 64.0
    cell = np.floor(points).astype(np.int32)
    share = points - cell
    share = share * share * (3 - 2 * share)
    low, high = cell & 31, (cell + 1) & 31
    result = np.zeros(points.shape[1:], np.float32)
    for corner in range(8):
        index, weight = 0, 1.0
        for axis in range(3):
            up = corner >> axis & 1
            index = index * 32 + (high if up else low)[axis]
            weight = weight * (share[axis] if up else 1 - share[axis])
        result += weight * lattice[index]
    return result
